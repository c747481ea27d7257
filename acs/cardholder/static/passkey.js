// Asks the browser for a passkey, or for a payment to be confirmed with one (Secure Payment Confirmation), and posts what comes of
// it: the assertion, or why there is none. Which error means what, the bank decides. It is there before the form is, so that nobody
// presses a button that does nothing yet.
"use strict";
const METHOD = "secure-payment-confirmation";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function credential(asked) {
  const allowCredentials = asked.credentialIds.map((id) => ({ type: "public-key", id: bytes(id) }));
  const { rpId, timeout } = asked;
  return navigator.credentials.get({
    publicKey: { challenge: bytes(asked.challenge), rpId, allowCredentials, timeout, userVerification: "required" },
  });
}

async function confirmed(asked) {
  const { total, ...shown } = asked.payment;
  const data = {
    ...shown,
    challenge: bytes(asked.challenge),
    rpId: asked.rpId,
    credentialIds: asked.credentialIds.map(bytes),
    timeout: asked.timeout,
  };
  const details = { total: { label: shown.payeeName || shown.payeeOrigin, amount: total } };
  const request = new PaymentRequest([{ supportedMethods: METHOD, data }], details);
  const available = await PaymentRequest.securePaymentConfirmationAvailability?.();
  if (available !== undefined && available !== "available") throw new DOMException(available, "NotSupportedError");
  const over = setTimeout(() => request.abort().catch(() => {}), asked.timeout);
  try {
    const response = await request.show();
    await response.complete("success");
    return response.details;
  } finally {
    clearTimeout(over);
  }
}

function posted({ id, type, response }) {
  const names = ["authenticatorData", "clientDataJSON", "signature"];
  const said = Object.fromEntries(names.map((name) => [name, base64url(response[name])]));
  return { assertion: { id, type, response: said } };
}

async function outcome(asked) {
  const began = performance.now();
  try {
    return posted(await (asked.payment ? confirmed(asked) : credential(asked)));
  } catch (error) {
    const allowed = document.featurePolicy?.allowsFeature(asked.feature);
    const late = performance.now() - began >= asked.timeout;
    return { error: late ? "TimeoutError" : error.name, message: error.message, allowed };
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.submitter?.id !== "submit" || form.dataset.passkey === undefined) return;
  event.preventDefault();
  event.submitter.disabled = true;
  form.elements.code.value = JSON.stringify(await outcome(JSON.parse(form.dataset.passkey)));
  HTMLFormElement.prototype.submit.call(form); // the button of that name hides the method
});
