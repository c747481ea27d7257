/** Fixtures for Playwright Test: `threeds`, a simulator for each worker. */

import { type Frame, type Page, test as base } from "@playwright/test";

import { NotInTime } from "./calls.js";
import { start } from "./process.js";
import { ThreeDS } from "./simulator.js";

export { expect } from "@playwright/test";
export { type Authenticator, authenticator } from "./authenticator.js";
export * from "./index.js";

const CODE = '#code[name="challengeValue"]'; // the shop's own page may have some other #code
const START_MILLISECONDS = 90_000;

export interface WorkerOptions {
  /** The desk of a simulator that runs already; one is started for each worker when left out. */
  threedsUrl: string | undefined;
  /** With `threedsUrl`: a namespace, so that cards, clock, faults and messages are one's own; each worker has one, `NAME-0`, `NAME-1` … */
  threedsNamespace: string | undefined;
  /** How one is started: `acs-sim`, `uvx acs-sim`, `python -m acs_sim`. */
  threedsCommand: string;
  /** Packs of card numbers of other systems that one that is started is to know, such as `["stripe"]`. */
  threedsAliases: string[];
}

export const test = base.extend<{ threeds: ThreeDS }, WorkerOptions & { threedsOfWorker: ThreeDS }>({
  threedsUrl: [undefined, { option: true, scope: "worker" }],
  threedsNamespace: [undefined, { option: true, scope: "worker" }],
  threedsCommand: ["acs-sim", { option: true, scope: "worker" }],
  threedsAliases: [[], { option: true, scope: "worker" }],
  threedsOfWorker: [
    async ({ threedsUrl, threedsNamespace, threedsCommand, threedsAliases: aliases }, use, { parallelIndex }) => {
      const command = threedsCommand.split(" ");
      const namespace = threedsNamespace === undefined ? undefined : `${threedsNamespace}-${parallelIndex}`;
      const threeds = threedsUrl === undefined ? await start({ command, aliases }) : await ThreeDS.connect(threedsUrl, { namespace });
      await use(threeds);
      await threeds.close();
    },
    { scope: "worker", timeout: START_MILLISECONDS },
  ],
  /** A test that moved the clock leaves it at the wall clock, and what it had go wrong goes wrong no more. */
  threeds: async ({ threedsOfWorker }, use) => {
    await use(threedsOfWorker);
    await threedsOfWorker.putBack();
  },
});

/**
 * Wait until the bank asks for its code in the page or in any frame within it, type it and confirm. `code` may be what fetches it
 * (`card.phone.code`): it is asked once the page is shown, because showing it is what sends the code.
 */
export async function completeChallenge(
  page: Page, code: string | (() => Promise<string>), { timeout = 10_000 }: { timeout?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeout;
  let frame = await asking(page);
  while (frame === undefined) {
    if (Date.now() > deadline) throw new NotInTime(`the bank did not ask for a code within ${timeout} ms`);
    await page.waitForTimeout(50);
    frame = await asking(page);
  }
  await frame.locator(CODE).fill(typeof code === "string" ? code : await code());
  await frame.locator("#submit").click();
}

async function asking(page: Page): Promise<Frame | undefined> {
  for (const frame of page.frames()) {
    // One that went elsewhere while it was looked at asks nothing.
    if (await frame.locator(CODE).isVisible().catch(() => false)) return frame;
  }
  return undefined;
}
