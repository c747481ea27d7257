/** Calls of the simulator's APIs, and waiting for what they tell. */

const CALL_MILLISECONDS = 40_000;
const LONGEST_PAUSE_MILLISECONDS = 200;

/** The simulator answered with an error: `status` is HTTP's, `detail` its own words. */
export class SimulatorRefused extends Error {
  override name = "SimulatorRefused";
  constructor(readonly status: number, readonly detail: string) {
    super(`${detail} (${status})`);
  }
}

/** The simulator does not answer; the message says where it was looked for. */
export class SimulatorUnreachable extends Error {
  override name = "SimulatorUnreachable";
}

/** What was waited for did not come; the message says what there was instead. */
export class NotInTime extends Error {
  override name = "NotInTime";
}

/** The object that is answered, undefined for an empty answer. */
export async function call<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  const answer = await answered(method, url, body);
  const text = await answer.text();
  const document = text === "" ? undefined : parsed(url, text);
  if (!answer.ok) throw new SimulatorRefused(answer.status, detailOf(document));
  return document as Answer;
}

/** The first answer that is wanted, or the last one when the time is up. */
export async function until<Answer>(
  ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean, milliseconds: number,
): Promise<Answer> {
  const deadline = Date.now() + milliseconds;
  let answer = await ask();
  for (let pause = 10; !wanted(answer) && Date.now() < deadline; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    answer = await ask();
  }
  return answer;
}

async function answered(method: string, url: string, body: unknown): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  try {
    return await fetch(url, { method, signal: AbortSignal.timeout(CALL_MILLISECONDS), ...json });
  } catch (error) {
    throw new SimulatorUnreachable(`no simulator answers at ${url}`, { cause: error });
  }
}

function parsed(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SimulatorUnreachable(`no simulator answers at ${url}: what came is no JSON`, { cause: error });
  }
}

function detailOf(document: unknown): string {
  const detail = typeof document === "object" && document !== null && "detail" in document ? document.detail : undefined;
  return typeof detail === "string" ? detail : "no reason is given";
}
