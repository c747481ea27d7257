/** A gateway as small as one can be. `mistaken`: its RRes names another ACS transaction than the RReq. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// What is the same in every AReq.
const AREQ = JSON.parse(readFileSync(new URL("areq.json", import.meta.url), "utf8"));

export class Gateway {
  /** The transStatus of each result that came. */
  readonly told: (string | undefined)[] = [];

  private readonly server = createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    answer.setHeader("Content-Type", "application/json; charset=utf-8");
    answer.end(JSON.stringify(request.url === "/results" ? this.results(JSON.parse(body)) : { thank: "you" }));
  }).listen(0, "127.0.0.1");

  constructor(private readonly directoryServer: string, private readonly mistaken = false) {}

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Begin a payment of so many cents; returns its id. */
  async pay(pan: string, expiry: string, amount: number): Promise<string> {
    const own = {
      acctNumber: pan,
      cardExpiryDate: expiry,
      purchaseAmount: String(amount),
      purchaseDate: new Date().toISOString().replace(/\D/g, "").slice(0, 14),
      threeDSServerTransID: randomUUID(),
      threeDSServerURL: `${this.url}/results`,
      notificationURL: `${this.url}/notification`,
    };
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    await fetch(this.directoryServer, { method: "POST", headers, body: JSON.stringify({ ...AREQ, ...own }) });
    return own.threeDSServerTransID;
  }

  private results({ messageVersion, threeDSServerTransID, dsTransID, acsTransID, transStatus }: Record<string, string>): object {
    this.told.push(transStatus);
    const same = { messageVersion, threeDSServerTransID, dsTransID };
    return { messageType: "RRes", resultsStatus: "01", ...same, acsTransID: this.mistaken ? randomUUID() : acsTransID };
  }

  close(): void {
    this.server.close();
  }
}
