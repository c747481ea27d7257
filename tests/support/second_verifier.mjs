// A second opinion on assertions, on node:crypto alone: reads [{assertion, expected, spki, counter}, …] from standard input and
// writes, for each, "accepted" or the check that failed. Written from Web Authentication 7.2 and Secure Payment Confirmation.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

function judged({ assertion, expected, keys }) {
  const key = keys[assertion?.id];
  if (typeof assertion?.id !== "string" || !Object.hasOwn(keys, assertion.id)) return "credential";
  const said = assertion.response;
  if (!["clientDataJSON", "authenticatorData", "signature"].every((name) => typeof said?.[name] === "string")) return "response";
  const raw = Buffer.from(said.clientDataJSON, "base64url");
  let client;
  try {
    client = JSON.parse(raw);
  } catch {
    return "clientDataJSON";
  }
  const pays = expected.payment !== null;
  if (client.type !== (pays ? "payment.get" : "webauthn.get")) return "type";
  if (client.challenge !== expected.challenge) return "challenge";
  if (!expected.origins.includes(client.origin)) return "origin";
  if (pays) {
    const paid = client.payment;
    if (paid?.rpId !== expected.rpId) return "rpId";
    if (!expected.anywhere && !expected.origins.includes(paid.topOrigin)) return "topOrigin";
    const wanted = expected.payment;
    if (paid.total?.value !== wanted.value) return "amount";
    if (paid.total?.currency !== wanted.currency) return "currency";
    if ((paid.payeeName ?? "") !== wanted.payeeName) return "payeeName";
    if ((paid.payeeOrigin ?? "") !== wanted.payeeOrigin) return "payeeOrigin";
    if (paid.instrument?.displayName !== wanted.displayName) return "displayName";
    if (paid.instrument?.icon !== wanted.icon) return "icon";
  }
  const data = Buffer.from(said.authenticatorData, "base64url");
  if (data.length < 37) return "authenticatorData";
  if (!data.subarray(0, 32).equals(sha256(expected.rpId))) return "rpId";
  if ((data[32] & 0x05) !== 0x05) return "flags";
  const signed = Buffer.concat([data, sha256(raw)]);
  const publicKey = createPublicKey({ key: Buffer.from(key.spki, "base64"), format: "der", type: "spki" });
  if (!verify("sha256", signed, publicKey, Buffer.from(said.signature, "base64url"))) return "signature";
  const counter = data.readUInt32BE(33);
  if ((counter || key.counter) && counter <= key.counter) return "counter";
  return "accepted";
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(judged)));
