// Has the browser confirm the payment (Secure Payment Confirmation) and posts what came of it. Without scripts the form says nothing,
// and the bank asks in another way; the script is there before the form is.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function confirmed(asked) {
  const { total, ...shown } = asked.payment;
  const { challenge, rpId, credentialIds, timeout } = asked;
  const data = { ...shown, challenge: bytes(challenge), rpId, credentialIds: credentialIds.map(bytes), timeout, showOptOut: true };
  const label = shown.payeeName || shown.payeeOrigin;
  const request = new PaymentRequest([{ supportedMethods: "secure-payment-confirmation", data }], { total: { label, amount: total } });
  const over = setTimeout(() => request.abort().catch(() => {}), timeout);
  const began = performance.now();
  try {
    const answer = await request.show();
    await answer.complete("success");
    const { id, type, response } = answer.details;
    const names = ["authenticatorData", "clientDataJSON", "signature"];
    return { assertion: { id, type, response: Object.fromEntries(names.map((name) => [name, base64url(response[name])])) } };
  } catch (error) {
    if (performance.now() - began >= timeout) return { error: "TimeoutError", message: error.message };
    throw error;
  } finally {
    clearTimeout(over);
  }
}

async function outcome(asked) {
  try {
    return await confirmed(asked);
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "confirm-form") return;
  event.preventDefault();
  document.getElementById("confirm").disabled = true;
  form.elements.posted.value = JSON.stringify(await outcome(JSON.parse(form.dataset.asked)));
  HTMLFormElement.prototype.submit.call(form);
});
