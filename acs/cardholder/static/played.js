// The desk's split screen can play the cardholder in the page that everybody looks at: it is on top of all frames, on this host or on
// the one above it, and says what is typed. Nobody else is heard, and only who asks is answered.
"use strict";
const loaded = String(Math.random());

function isDesk({ source, origin }) {
  if (source !== top || source === window || !origin.startsWith("http")) return false;
  const { hostname } = new URL(origin);
  return location.hostname === hostname || location.hostname.endsWith(`.${hostname}`);
}

function type(value) {
  const field = document.getElementById("code");
  if (field) field.value = value;
  document.querySelectorAll(".choice input[name=challengeValue]").forEach((one) => { one.checked = value.split(",").includes(one.value); });
  document.querySelector("form.answer").requestSubmit(document.getElementById("submit"));
}

addEventListener("message", (event) => {
  if (!isDesk(event) || typeof event.data !== "object") return;
  if (event.data.play === "look") event.source.postMessage({ played: loaded }, event.origin);
  if (event.data.play === "type" && event.data.on === loaded) type(String(event.data.value));
});
