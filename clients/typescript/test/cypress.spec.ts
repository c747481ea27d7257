/** The plugin without Cypress: its tasks, called as Cypress calls them, against a simulator and a gateway. */

import { type CardDetails, threeds as plugin, type ThreeDSTasks } from "acs-sim/cypress";
import { expect, test } from "acs-sim/playwright";

import { Gateway } from "../examples/gateway.js";

/** What a plugin registers. */
function registered(options: Parameters<typeof plugin>[1]): { task: ThreeDSTasks; over: () => Promise<void> } {
  const found: Record<string, unknown> = {};
  plugin((action: string, what: unknown) => void (found[action] = what), options);
  return { task: found["task"] as ThreeDSTasks, over: found["after:run"] as () => Promise<void> };
}

test("Cypress' tasks mint a card, are its holder, and convict a gateway", async ({ threeds }) => {
  const { task, over } = registered({ url: threeds.addresses.desk, namespace: "cypress" });
  const { ds } = await task["threeds:addresses"](null);
  const gateway = new Gateway(`${ds}/mastercard/3ds2`, true);
  const card = await task["threeds:card"]({ scenario: "challenge-otp", scheme: "mastercard" });
  const fault = await task["threeds:arm"]({ at: "ARes", do: "delay", seconds: 0.01, card: card.pan });
  expect(fault.id).toBeTruthy();
  await gateway.pay(card.pan, card.expiry, 4200);
  const { id } = await task["threeds:transaction"](card);
  expect((await task["threeds:act"]({ transaction: id, do: "submit", code: "wrong" })).tries_left).toBe(2);
  const code = await task["threeds:code"](card);
  expect((await task["threeds:act"]({ transaction: id, do: "submit", code })).transStatus).toBe("Y");
  expect((await task["threeds:texts"](card)).map((text) => text.code)).toEqual([code]);
  expect((await task["threeds:report"]({ transaction: id, outcome: "accepted" })).length).toBeGreaterThan(0);
  expect((await task["threeds:findings"](id)).map((finding) => finding.rule)).toContain("results-answered-wrongly");
  await expect(task["threeds:assertAcquitted"](id)).rejects.toThrow(/The RRes is wrong/);
  gateway.close();
  await over();
});

test("a task has an answer, as Cypress wants it, and the clock is put back", async ({ threeds }) => {
  const { task, over } = registered({ url: threeds.addresses.desk, namespace: "cypress" });
  const { ds } = await task["threeds:addresses"](null);
  const gateway = new Gateway(`${ds}/visa/3ds2`);
  const { pan, expiry } = await task["threeds:card"]({ scenario: "frictionless" });
  expect((await task["threeds:result"](await gateway.pay(pan, expiry, 4200))).transStatus).toBe("Y");
  gateway.close();
  const before = new Date(await task["threeds:advance"]("1h")).getTime();
  expect(before - Date.now()).toBeGreaterThan(3_000_000);
  expect(await task["threeds:putBack"](null)).toBeNull();
  expect(await task["threeds:reset"](null)).toBeNull();
  const none: Promise<CardDetails> = task["threeds:card"]({ scenario: "challange-otp" });
  await expect(none).rejects.toThrow(/there is no scenario/);
  await over();
});
