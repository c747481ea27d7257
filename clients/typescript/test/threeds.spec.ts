import { authenticator, completeChallenge, expect, NotInTime, SimulatorRefused, test, ThreeDS } from "acs-sim/playwright";

import { Gateway } from "../examples/gateway.js";

test("a purchase in a browser is authenticated with the code from the phone", async ({ page, threeds }) => {
  const card = await threeds.card("challenge-otp");
  await page.goto(`${threeds.addresses.shop}/shops/e-transactions?lang=en`);
  await page.click("#checkout");
  await page.fill("#card-number", card.pan);
  await page.fill("#expiry", "12/30");
  await page.fill("#cryptogram", "123");
  await page.click("#pay");
  await completeChallenge(page, card.phone.code);
  await page.waitForSelector("#result[data-result=accepted]");
  const transaction = await card.transaction();
  expect((await transaction.result()).transStatus).toBe("Y");
  await transaction.assertAcquitted();
});

test("a passkey of a virtual device pays, and a finger that it does not know brings a code", async ({ page, threeds }) => {
  const card = await threeds.card("challenge-passkey");
  const device = await authenticator(threeds, page);
  await device.enrol(card.pan);
  for (const verifies of [true, false]) {
    await device.verify(verifies);
    await page.goto(`${threeds.addresses.shop}/shops/e-transactions?lang=en`);
    await page.click("#checkout");
    await page.fill("#card-number", card.pan);
    await page.fill("#expiry", "12/30");
    await page.fill("#cryptogram", "123");
    await page.click("#pay");
    await page.frameLocator("#challenge").locator("#submit").click();
    if (!verifies) await completeChallenge(page, card.phone.code);
    await page.waitForSelector("#result[data-result=accepted]");
  }
});

test.describe("a gateway without a browser", () => {
  let gateway: Gateway;
  test.beforeEach(({ threeds }) => void (gateway = new Gateway(threeds.directoryServer("mastercard"))));
  test.afterEach(() => gateway.close());

  test("is convicted of its mistake by rule, element and clause", async ({ threeds }) => {
    const mistaken = new Gateway(threeds.directoryServer("mastercard"), true);
    const card = await threeds.card("challenge-otp", { scheme: "mastercard" });
    const transaction = threeds.transaction(await mistaken.pay(card.pan, card.expiry, 4200));
    expect((await transaction.submit("correct")).transStatus).toBe("Y");
    mistaken.close();
    const conviction = transaction.assertAcquitted();
    await expect(conviction).rejects.toThrow(/The RRes is wrong \(results-answered-wrongly\)\n {2}EMV 3-D Secure, Annex B, RRes/);
    await expect(conviction).rejects.toThrow(/RRes \d+, acsTransID, /);
  });

  test("is told that a cardholder who typed three wrong codes is refused", async ({ threeds }) => {
    const card = await threeds.card("challenge-otp", { scheme: "mastercard", tries: 3 });
    const transaction = threeds.transaction(await gateway.pay(card.pan, card.expiry, 4200));
    for (const left of [2, 1, 0]) expect((await transaction.submit("wrong")).tries_left).toBe(left);
    expect(await transaction.waitFor({ state: "completed" })).toMatchObject({ transStatus: "N" });
    expect((await transaction.messages("RReq")).map((hop) => hop.message["transStatusReason"])).toEqual(["19", "19"]);
  });

  test("meets a result that comes twice", async ({ threeds }) => {
    const card = await threeds.card("challenge-otp", { scheme: "mastercard" });
    const transaction = threeds.transaction(await gateway.pay(card.pan, card.expiry, 4200));
    await threeds.faults.arm({ at: "RReq", do: "twice", card: card.pan });
    await transaction.submit("correct");
    await transaction.result();
    await expect.poll(() => gateway.told.length, { timeout: 60_000 }).toBe(2);
  });

  test("sees a cardholder go away when ten minutes have passed in no time", async ({ threeds }) => {
    const card = await threeds.card("challenge-otp", { scheme: "mastercard" });
    const transaction = threeds.transaction(await gateway.pay(card.pan, card.expiry, 4200));
    await transaction.abandon();
    await threeds.clock.advance("10m");
    await threeds.faults.arm({ at: "ARes", do: "delay", seconds: 1, when: "every" });
    expect((await transaction.waitFor({ state: "completed" })).challenge).toMatchObject({ transStatusReason: "14" });
  });

  test("and after a test clock and faults are as before", async ({ threeds }) => {
    expect(Math.abs((await threeds.clock.now()).getTime() - Date.now())).toBeLessThan(300_000);
    expect(await threeds.faults.inForce()).toEqual([]);
  });
});

test("two suites at one simulator have the same card numbers, a clock each, and do not see each other", async ({ threeds }) => {
  const join = (namespace: string) => ThreeDS.connect(threeds.addresses.desk, { namespace });
  const [one, other] = await Promise.all([join("one"), join("other")]);
  const gateway = new Gateway(one.directoryServer());
  await Promise.all([one.seed(7), other.seed(7)]);
  const [card, twin] = await Promise.all([one.card("challenge-otp"), other.card("challenge-otp")]);
  expect(card.pan).toBe(twin.pan);
  const payment = await gateway.pay(card.pan, card.expiry, 4200);
  await one.clock.advance("1h");
  expect(await one.transactions()).toMatchObject([{ id: payment }]);
  expect([await other.transactions(), await threeds.transactions().then((all) => all.filter(({ id }) => id === payment))]).toEqual([[], []]);
  expect((await one.clock.now()).getTime() - (await other.clock.now()).getTime()).toBeGreaterThan(3_500_000);
  gateway.close();
  await Promise.all([one.close(), other.close()]);
  await expect(one.transactions()).rejects.toThrow(/there is no namespace 'one' here/);
});

test("what cannot be done is refused with the simulator's reason, and what does not come is said", async ({ threeds }) => {
  await expect(threeds.card("challange-otp")).rejects.toThrow(SimulatorRefused);
  await expect(threeds.card("challange-otp")).rejects.toThrow(/there is no scenario 'challange-otp'.* \(4\d\d\)/);
  await expect(threeds.transaction("abc").result(50)).rejects.toThrow(NotInTime);
  const card = await threeds.card("sms-lost");
  expect(await card.phone.latest(0)).toBeUndefined();
  await expect(card.phone.code(50)).rejects.toThrow(`no SecureCode came to ${card.phone.number} within 50 ms`);
});
