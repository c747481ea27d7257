/** A shop of one page and one gateway: `POST /orders` pays with a card, `/orders/latest` tells what came of it. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

import { Gateway } from "../../examples/gateway.js";

/** Returns its address. It ends with the process. */
export async function shop(): Promise<string> {
  let gateway: Gateway | undefined;
  const server = createServer(async (request, answer) => {
    if (request.method === "GET") {
      answer.setHeader("Content-Type", "text/html");
      answer.end(`<p>${gateway?.told.at(-1) === "Y" ? "Paid" : "Not paid"}</p>`);
      return;
    }
    const { pan, expiry, ds } = (await json(request)) as Record<string, string>;
    if (ds !== undefined) gateway = new Gateway(`${ds}/visa/3ds2`);
    else await gateway!.pay(pan!, expiry!, 4200);
    answer.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
