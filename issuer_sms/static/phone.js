// Keeps the page current, offers to copy codes, and shows times as the reader's clock would. The page works without it.
"use strict";

const live = document.getElementById("live");
const announce = document.getElementById("announce");
const state = document.getElementById("live-state");
const refreshLink = document.getElementById("refresh");
const LOOK_AGAIN = 5000; // what becomes of a code is no news of the phone's
let refreshing = null;
let stale = false;
let drawn = live && live.innerHTML;

function localTimes() {
  for (const time of document.querySelectorAll("time")) {
    const fields = { hour: "2-digit", minute: "2-digit", hour12: false };
    if (!("short" in time.dataset)) fields.second = "2-digit";
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], fields);
    time.title = time.dateTime;
  }
}

function offerCopying() {
  for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
}

function dress() {
  localTimes();
  offerCopying();
}

function newestText() {
  return live.querySelector("[data-announce]");
}

// Everything that was said about the page stays true: what is the same is not touched, so that a click on it is not lost; what had
// the focus keeps it, and a new text is read out.
function show(page) {
  const content = page.getElementById("live");
  if (content.innerHTML === drawn) return;
  drawn = content.innerHTML;
  const focused = document.activeElement && document.activeElement.id;
  const before = newestText() && newestText().id;
  live.replaceChildren(...content.childNodes);
  dress();
  if (focused && !document.activeElement?.id) document.getElementById(focused)?.focus();
  const newest = newestText();
  if (newest && newest.id !== before) announce.textContent = newest.dataset.announce;
}

async function load() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

// One request at a time: what happens meanwhile asks for one more.
async function refresh() {
  stale = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (stale) {
      stale = false;
      await load();
    }
  } catch {
    // the stream's own reconnection brings the next chance
  } finally {
    refreshing = false;
  }
}

function listen() {
  const events = new EventSource(live.dataset.events);
  for (const kind of ["message", "prompt", "callback", "cleared", "reset"]) events.addEventListener(kind, refresh);
  events.addEventListener("open", () => {
    state.textContent = "Live.";
    refreshLink.hidden = true;
    refresh();
  });
  setInterval(() => { if (!document.hidden && live.querySelector(".fate.valid")) refresh(); }, LOOK_AGAIN);
  events.addEventListener("error", () => {
    state.textContent = "Reconnecting…";
    refreshLink.hidden = false;
  });
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // refused, as in a frame of another site: select the digits for the reader's own copy command
    const digits = button.parentElement.querySelector(".digits");
    getSelection().selectAllChildren(digits);
    if (!document.execCommand("copy")) return;
  }
  button.textContent = "Copied";
  announce.textContent = "Code copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) copy(button);
});

dress();
if (live && window.EventSource) listen();
