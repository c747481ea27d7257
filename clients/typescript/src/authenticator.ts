/** A device with passkeys in the Chromium of a Playwright page, by Chromium's own protocol. */

import type { CDPSession, Page } from "@playwright/test";

import { call } from "./calls.js";
import type { Passkeys } from "./documents.js";
import type { ThreeDS } from "./simulator.js";

const OPTIONS = {
  protocol: "ctap2",
  ctap2Version: "ctap2_1",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;
const ANSWERS = {
  "confirms": "autoAccept",
  "closes": "autoReject",
  "opts out": "autoOptOut",
  "other way": "autoChooseToAuthAnotherWay",
  "says nothing": "none",
} as const;

/** It stays while the page goes elsewhere, and is gone with the page. `authenticator` makes one. */
export class Authenticator {
  constructor(private readonly desk: string, private readonly page: Page, private readonly protocol: CDPSession, private readonly id: string) {}

  /** Make a passkey for a card on the bank's page, where the page is left. */
  async enrol(pan: string): Promise<void> {
    const told = await call<Passkeys>("GET", `${this.desk}/api/cards/${encodeURIComponent(pan)}/passkeys`);
    if (told.page === null) throw new Error("the bank's address has no name that passkeys could belong to");
    await this.page.goto(told.page);
    await this.page.locator("#create").click();
    await this.page.locator("#passkeys time").nth(told.passkeys.length).waitFor();
  }

  /** Whether the person's finger, face or PIN is the right one from here on. */
  async verify(verifies: boolean): Promise<void> {
    await this.protocol.send("WebAuthn.setUserVerified", { authenticatorId: this.id, isUserVerified: verifies });
  }

  /**
   * What the person does with the dialog of Secure Payment Confirmation from here on. Headless Chromium has it with
   * `--enable-features=SecurePaymentConfirmationBrowser`, the headless shell not at all.
   */
  async whenAskedToPay(answer: keyof typeof ANSWERS): Promise<void> {
    await this.protocol.send("Page.setSPCTransactionMode", { mode: ANSWERS[answer] });
  }
}

/** A new device, plugged into the browser of a page. */
export async function authenticator(threeds: ThreeDS, page: Page): Promise<Authenticator> {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("WebAuthn.enable");
  const { authenticatorId } = await protocol.send("WebAuthn.addVirtualAuthenticator", { options: OPTIONS });
  return new Authenticator(threeds.addresses.desk, page, protocol, authenticatorId);
}
