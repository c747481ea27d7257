/** A plugin for Cypress: what tests do with the simulator, as tasks of the Node.js process beside the browser. */

import type { CardDetails, CardWish, Deed, Fault, FaultInForce, Finding, Outcome, Status, Text } from "./documents.js";
import { start, type StartOptions } from "./process.js";
import { ThreeDS } from "./simulator.js";

export * from "./index.js";

/** `url`: the desk of a simulator that runs already, with a `namespace` of one's own there; one is started at the first task when left out. */
export interface CypressOptions extends StartOptions {
  url?: string | undefined;
  namespace?: string | undefined;
}

/** What `cy.task` is given and gives, by the name of the task. A transaction is named by any of its ids. */
export interface ThreeDSTasks {
  "threeds:addresses": (argument: null) => Promise<ThreeDS["addresses"]>;
  "threeds:card": (wish: CardWish & { scenario: string; scheme?: string }) => Promise<CardDetails>;
  "threeds:transaction": (card: CardDetails) => Promise<Status>;
  "threeds:code": (card: CardDetails) => Promise<string>;
  "threeds:texts": (card: CardDetails) => Promise<Text[]>;
  "threeds:act": (wish: { transaction: string } & Deed) => Promise<Outcome>;
  "threeds:result": (transaction: string) => Promise<Status>;
  "threeds:report": (wish: { transaction: string; outcome: "accepted" | "refused" }) => Promise<Finding[]>;
  "threeds:findings": (transaction: string) => Promise<Finding[]>;
  "threeds:assertAcquitted": (transaction: string) => Promise<null>;
  "threeds:advance": (step: string) => Promise<string>;
  "threeds:arm": (fault: Fault) => Promise<FaultInForce>;
  "threeds:putBack": (argument: null) => Promise<null>;
  "threeds:reset": (argument: null) => Promise<null>;
}

/** As much of Cypress' `on` as is needed. */
export interface CypressEvents {
  (action: "task", tasks: Record<string, (argument: any) => unknown>): void;
  (action: "after:run", then: () => Promise<void>): void;
}

/** Call it in `setupNodeEvents`, with its `on`. The simulator that was started here ends with the run. */
export function threeds(on: CypressEvents, options: CypressOptions = {}): void {
  let found: Promise<ThreeDS> | undefined;
  const { url, namespace } = options;
  const own = () => (found ??= url === undefined ? start(options) : ThreeDS.connect(url, { namespace }));
  on("task", { ...tasksOf(own) });
  on("after:run", async () => (await found)?.close());
}

function tasksOf(own: () => Promise<ThreeDS>): ThreeDSTasks {
  const transaction = async (id: string) => (await own()).transaction(id);
  // Cypress takes an undefined answer for a task that does not exist.
  const nothing = async (done: Promise<unknown>) => (await done, null);
  return {
    "threeds:addresses": async () => (await own()).addresses,
    "threeds:card": async ({ scenario, ...wish }) => (await (await own()).card(scenario, wish)).details,
    "threeds:transaction": async (card) => (await (await own()).known(card).transaction()).status(),
    "threeds:code": async (card) => (await own()).known(card).phone.code(),
    "threeds:texts": async (card) => (await own()).known(card).phone.messages(),
    "threeds:act": async ({ transaction: id, ...deed }) => (await transaction(id)).act(deed as Deed),
    "threeds:result": async (id) => (await transaction(id)).result(),
    "threeds:report": async ({ transaction: id, outcome }) => (await transaction(id)).report(outcome),
    "threeds:findings": async (id) => (await transaction(id)).findings(),
    "threeds:assertAcquitted": async (id) => nothing((await transaction(id)).assertAcquitted()),
    "threeds:advance": async (step) => (await (await own()).clock.advance(step)).toISOString(),
    "threeds:arm": async (fault) => (await own()).faults.arm(fault),
    "threeds:putBack": async () => nothing((await own()).putBack()),
    "threeds:reset": async () => nothing((await own()).reset()),
  };
}
