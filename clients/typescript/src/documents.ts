/** What the control API takes and tells, by the names of this client; the types come from its OpenAPI document. */

import type { components } from "./openapi.js";

type Schemas = components["schemas"];

export type Addresses = Schemas["PartyAddresses"];
export type CardDetails = Schemas["Card"];
/** How a card is minted. `tries`: how often a code may be typed; `faults`: what goes wrong with it. */
export type CardWish = Omit<Schemas["CardWish"], "scheme" | "scenario">;
export type Deed = Schemas["CardholderAct"];
export type Fault = NonNullable<Schemas["CardWish"]["faults"]>[number];
export type FaultInForce = Schemas["FaultInForce"];
export type Finding = Schemas["FindingDocument"];
export type Message = Schemas["Message"];
export type NamespaceMade = Schemas["NamespaceMade"];
/** What the cardholder saw; `transStatus` and `notification` are there once it is over. */
export type Outcome = Schemas["CardholderOutcome"];
/** Those of a card; `page`: where a browser makes one, at the bank. */
export type Passkeys = Schemas["Passkeys"];
export type Severity = Finding["severity"];
export type Status = Schemas["Transaction"];

/** A text that came to a phone. `code` is the SecureCode in its words. */
export interface Text {
  id: string;
  to: string;
  from: string;
  body: string;
  code: string | null;
  state: string;
}
