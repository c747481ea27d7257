/** A simulator that runs, and what tests do with it. Times to wait are real milliseconds. */

import { call, NotInTime, SimulatorRefused, until } from "./calls.js";
import type {
  Addresses, CardDetails, CardWish, Deed, Fault, FaultInForce, Finding, Message, NamespaceMade, Outcome, Severity, Status, Text,
} from "./documents.js";
import { told } from "./verdict.js";

const WAIT_MILLISECONDS = 10_000;
const LONGEST_POLL_SECONDS = 20;
const NOT_FOUND = 404;
const OVER: readonly (string | null | undefined)[] = ["answered", "failed", "unanswered", "undelivered", "completed"];

export interface ConnectOptions {
  /** Its name: up to 32 of a-z, 0-9 and -. */
  namespace?: string | undefined;
  /** What else `close` does. */
  end?: () => Promise<void>;
}

export class ThreeDS {
  readonly clock: Clock;
  readonly faults: Faults;

  /** `connect` and `start` make one. */
  constructor(readonly addresses: Addresses, private readonly end: () => Promise<void> = async () => undefined) {
    this.clock = new Clock(addresses.desk);
    this.faults = new Faults(addresses.desk);
  }

  /** The simulator whose desk is at `url`; in a `namespace` that is there, or else ends with `close`, everything is one's own. */
  static async connect(url: string, { namespace, end }: ConnectOptions = {}): Promise<ThreeDS> {
    const desk = url.replace(/\/$/, "");
    if (namespace === undefined) return new ThreeDS(await call<Addresses>("GET", `${desk}/api/addresses`), end);
    const own = `${desk}/api/namespaces/${encodeURIComponent(namespace)}`;
    const made = await call<NamespaceMade>("PUT", own, {});
    return new ThreeDS(made.addresses, async () => {
      if (made.new) await orNothing(call("DELETE", own));
      await end?.();
    });
  }

  /** Where a 3DS Server posts its AReq and PReq (EMV 3DS). */
  directoryServer(scheme = "visa"): string {
    return `${this.addresses.ds}/${scheme}/3ds2`;
  }

  /** Mint a card that nobody else has, with a phone of its own. */
  async card(scenario: string, wish: CardWish & { scheme?: string } = {}): Promise<Card> {
    const asked = { scheme: "visa", ...wish, scenario };
    return new Card(this.addresses, await call<CardDetails>("POST", `${this.addresses.desk}/api/cards`, asked));
  }

  /** A card that was minted, by what is known of it. */
  known(details: CardDetails): Card {
    return new Card(this.addresses, details);
  }

  /** The transaction that goes by this id, whichever of its ids that is; it may begin later. */
  transaction(id: string): Transaction {
    return new Transaction(this.addresses.desk, id);
  }

  /** The newest hundred, the newest first. */
  async transactions(): Promise<Status[]> {
    return (await call<{ transactions: Status[] }>("GET", `${this.addresses.desk}/api/transactions`)).transactions;
  }

  /** The verdict on the gateway over the newest transactions and between them. */
  async findings(severity: Severity = "warning"): Promise<Finding[]> {
    return (await call<{ findings: Finding[] }>("GET", `${this.addresses.desk}/api/findings?severity=${severity}`)).findings;
  }

  /** Forget every transaction, minted card and text, those of other tests too. */
  async reset(): Promise<void> {
    await call("POST", `${this.addresses.desk}/api/reset`);
  }

  /** Make identifiers and codes repeatable from here on; null ends that. */
  async seed(seed: number | null): Promise<void> {
    await call("PUT", `${this.addresses.desk}/api/seed`, { seed });
  }

  /** The clock back to the wall clock, and the faults of this process taken back: what a test leaves to the next one. */
  async putBack(): Promise<void> {
    await this.clock.putBack();
    await this.faults.putBack();
  }

  /** End it, when it was started here. */
  async close(): Promise<void> {
    await this.end();
  }
}

export class Card {
  readonly phone: Phone;

  constructor(private readonly addresses: Addresses, readonly details: CardDetails) {
    this.phone = new Phone(addresses.phone, details.phone);
  }

  get pan(): string {
    return this.details.pan;
  }

  /** YYMM. */
  get expiry(): string {
    return this.details.expiry;
  }

  /** The newest transaction of this card, once there is one. */
  async transaction(timeout = WAIT_MILLISECONDS): Promise<Transaction> {
    const url = `${this.addresses.desk}/api/transactions?pan=${this.pan}`;
    const ask = async () => (await call<{ transactions: Status[] }>("GET", url)).transactions[0];
    const newest = await until(ask, (found) => found !== undefined, timeout);
    if (newest === undefined) throw new NotInTime(`no AReq came for this card within ${timeout} ms`);
    return new Transaction(this.addresses.desk, newest.id);
  }
}

export class Phone {
  private readonly url: string;

  constructor(base: string, readonly number: string) {
    this.url = `${base}/api/phones/${encodeURIComponent(number)}`;
  }

  /** The newest text that arrived, waiting for one; later than `after`. Undefined when none came in time. */
  async latest(timeout = WAIT_MILLISECONDS, after?: Pick<Text, "id">): Promise<Text | undefined> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const wait = Math.max(0, Math.min((deadline - Date.now()) / 1000, LONGEST_POLL_SECONDS));
      const query = `wait=${wait}${after === undefined ? "" : `&after=${after.id}`}`;
      const text = await call<Text | undefined>("GET", `${this.url}/latest?${query}`);
      if (text !== undefined || Date.now() >= deadline) return text;
    }
  }

  /** The SecureCode of the newest text that carries one, waiting for it. Fetch it once the bank's page is shown. */
  readonly code = async (timeout = WAIT_MILLISECONDS, after?: Pick<Text, "id">): Promise<string> => {
    const deadline = Date.now() + timeout;
    for (let text = await this.latest(timeout, after); text !== undefined; ) {
      if (text.code !== null) return text.code;
      text = await this.latest(deadline - Date.now(), text);
    }
    throw new NotInTime(`no SecureCode came to ${this.number} within ${timeout} ms`);
  };

  /** All texts, those that did not arrive too, in the order in which they were sent. */
  async messages(): Promise<Text[]> {
    return (await call<{ messages: Text[] }>("GET", `${this.url}/messages`)).messages;
  }

  async clear(): Promise<void> {
    await call("DELETE", `${this.url}/messages`);
  }
}

/** The simulator's clock, one for everybody who uses the simulator. */
export class Clock {
  private moved = false;

  constructor(private readonly desk: string) {}

  async now(): Promise<Date> {
    return new Date((await call<{ now: string }>("GET", `${this.desk}/api/clock`)).now);
  }

  /** Jump ahead (`"90s"`, `"10m"`, `"1h30m"`, `"7d"`); what falls due on the way happens, soon after. */
  async advance(step: string): Promise<Date> {
    return this.move({ advance: step });
  }

  async set(instant: Date | string): Promise<Date> {
    return this.move({ set: typeof instant === "string" ? instant : instant.toISOString() });
  }

  async freeze(): Promise<Date> {
    return this.move({ freeze: true });
  }

  /** Back to the wall clock. */
  async resume(): Promise<Date> {
    return this.move({ resume: true });
  }

  /** Back to the wall clock, when it was moved from here. */
  async putBack(): Promise<void> {
    if (this.moved) await this.resume();
  }

  private async move(move: Record<string, unknown>): Promise<Date> {
    this.moved = !("resume" in move);
    return new Date((await call<{ now: string }>("POST", `${this.desk}/api/clock`, move)).now);
  }
}

/** What goes wrong on purpose. */
export class Faults {
  private readonly armed = new Set<string>();

  constructor(private readonly desk: string) {}

  async arm(fault: Fault): Promise<FaultInForce> {
    const armed = await call<FaultInForce>("POST", `${this.desk}/api/faults`, fault);
    this.armed.add(armed.id);
    return armed;
  }

  async inForce(): Promise<FaultInForce[]> {
    return (await call<{ faults: FaultInForce[] }>("GET", `${this.desk}/api/faults`)).faults;
  }

  /** Take one back; one that was to happen once and has happened is gone already. */
  async disarm(fault: Pick<FaultInForce, "id">): Promise<void> {
    this.armed.delete(fault.id);
    await orNothing(call("DELETE", `${this.desk}/api/faults/${encodeURIComponent(fault.id)}`));
  }

  /** Take back what was armed from here. */
  async putBack(): Promise<void> {
    for (const id of [...this.armed]) await this.disarm({ id });
  }
}

/** One authentication. `id` is the one it was asked for by. */
export class Transaction {
  private readonly url: string;

  constructor(desk: string, readonly id: string) {
    this.url = `${desk}/api/transactions/${encodeURIComponent(id)}`;
  }

  async status(): Promise<Status> {
    return call<Status>("GET", this.url);
  }

  /** How it ended, waiting for that. */
  async result(timeout = WAIT_MILLISECONDS): Promise<Status> {
    return this.until((status) => OVER.includes(status.state), "its end", timeout);
  }

  /** Wait until it is as `wanted` says, in which each value may be one of several. */
  async waitFor(wanted: { state?: string | string[]; transStatus?: string | string[] }, timeout = WAIT_MILLISECONDS): Promise<Status> {
    const is = (value: unknown, choice?: string | string[]) => choice === undefined || [choice].flat().includes(String(value));
    const asWanted = (status: Status) => is(status.state, wanted.state) && is(status.transStatus, wanted.transStatus);
    return this.until(asWanted, JSON.stringify(wanted), timeout);
  }

  /** Every message that crossed a hop so far, or those of one kind (`"RReq"`), in order. */
  async messages(kind?: string): Promise<Message[]> {
    const { messages } = await call<{ messages: Message[] }>("GET", `${this.url}/messages`);
    return messages.filter((message) => kind === undefined || message.kind === kind);
  }

  /** What the gateway did wrong in this transaction; with `"good"` also what it did well. */
  async findings(severity: Severity = "warning"): Promise<Finding[]> {
    return (await call<{ findings: Finding[] }>("GET", `${this.url}/findings?severity=${severity}`)).findings;
  }

  /** Tell what your gateway did with the payment. Returns the findings, which know it from here on. */
  async report(outcome: "accepted" | "refused"): Promise<Finding[]> {
    return (await call<{ findings: Finding[] }>("POST", `${this.url}/outcome`, { outcome })).findings;
  }

  /** Throws an error that names every mistake of the gateway by rule, element and clause. Warnings pass. */
  async assertAcquitted(): Promise<void> {
    const errors = await this.findings("error");
    if (errors.length > 0) throw new Error(`the gateway is convicted\n${errors.map(told).join("\n")}`);
  }

  /** The cardholder types a code and confirms: the digits, `"correct"` or `"wrong"`. */
  async submit(code: string): Promise<Outcome> {
    return this.act({ do: "submit", code });
  }

  async resend(): Promise<Outcome> {
    return this.act({ do: "resend" });
  }

  async cancel(): Promise<Outcome> {
    return this.act({ do: "cancel" });
  }

  /** The cardholder opens the page and goes away. */
  async abandon(): Promise<Outcome> {
    return this.act({ do: "abandon" });
  }

  /** Any deed of the headless cardholder, once a cardholder is awaited. */
  async act(deed: Deed, timeout = WAIT_MILLISECONDS): Promise<Outcome> {
    const awaited = (status: Status) => (status.transStatus === "C" && status.state === "challenged") || OVER.includes(status.state);
    await this.until(awaited, "a challenge", timeout);
    return call<Outcome>("POST", `${this.url}/cardholder`, deed);
  }

  private async until(wanted: (status: Status) => boolean, words: string, timeout: number): Promise<Status> {
    const status = await until(() => orNothing(this.status()), (now) => now !== undefined && wanted(now), timeout);
    if (status !== undefined && wanted(status)) return status;
    const now = status === undefined ? "is not known to the simulator" : `is ${status.state}, transStatus ${status.transStatus}`;
    throw new NotInTime(`transaction ${this.id} ${now}, after ${timeout} ms of waiting for ${words}`);
  }
}

/** Undefined where the simulator knows nothing of the kind. */
async function orNothing<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof SimulatorRefused && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}
