// Makes a passkey in this browser and has the bank remember it.
"use strict";
const form = document.querySelector("form[data-banking]");
const message = document.getElementById("message");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function posted(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}

// A browser without payments (Chromium's headless shell) makes no passkey for them, but one to log in with.
async function created(publicKey) {
  try {
    return await navigator.credentials.create({ publicKey });
  } catch (error) {
    if (error.name !== "NotSupportedError") throw error;
    const { extensions, ...forLogins } = publicKey;
    return navigator.credentials.create({ publicKey: forLogins });
  }
}

async function make() {
  const asked = await posted(`${location.pathname}/options`, {});
  const publicKey = {
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: asked.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
  };
  const { id, type, response } = await created(publicKey);
  const said = { clientDataJSON: base64url(response.clientDataJSON), attestationObject: base64url(response.attestationObject) };
  await posted(location.pathname, { challenge: asked.challenge, registration: { id, type, response: said } });
}

document.getElementById("create").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    await make();
    location.reload();
  } catch (error) {
    message.textContent = `${error.name}: ${error.message}`;
    message.hidden = false;
    event.target.disabled = false;
  }
});
