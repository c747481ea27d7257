// The desk works without this file; with it, pages follow what happens.
"use strict";

const every = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

function enableCopying(root) {
  every("[data-copy]:not([data-ready])", (button) => {
    button.dataset.ready = "";
    button.hidden = false;
    const words = button.textContent;
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, 1200);
    });
  }, root);
}

// A page on plain http under a host name has no clipboard of its own.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(document.createElement("textarea"));
  field.value = text;
  field.select();
  document.execCommand("copy");
  field.remove();
}

// A part of a page that is drawn again when a message of its concern has crossed a hop.
// What is the same is not touched, so that a click on it is not lost: what is open, ticked or has the focus stays so.
const nameOf = (node) => node.getAttribute?.("id") ?? ""; // the id of a form may be a field of that name
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== 1 || old.nodeName !== fresh.nodeName || nameOf(old) !== nameOf(fresh)) { old.replaceWith(fresh); return; }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !["open", "data-ready"].includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (name !== "hidden" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, [...fresh.childNodes]);
}

function morphChildren(old, fresh) {
  const named = new Map([...old.children].filter(nameOf).map((one) => [nameOf(one), one]));
  let place = old.firstChild;
  const drop = () => { const gone = place; place = place.nextSibling; gone.remove(); };
  for (const node of fresh) {
    while (node.nodeType === 1 && place?.nodeType === 3) drop();
    const alike = place && !nameOf(place) && place.nodeName === node.nodeName ? place : null;
    const known = nameOf(node) ? named.get(nameOf(node)) : alike;
    if (!known) { old.insertBefore(node, place); continue; }
    if (known === place) place = place.nextSibling; else old.insertBefore(known, place);
    morph(known, node);
  }
  while (place) drop();
}

const paused = () => document.querySelector("[data-pause]")?.ariaPressed === "true";
function followLive(part) {
  let asked = false;
  const isPaused = () => paused() && part.id !== "bar";
  const redraw = async () => {
    asked = false;
    if (isPaused()) return;
    const answer = await fetch(part.dataset.live);
    if (answer.ok) part.take(await answer.text());
  };
  part.take = (html) => {
    if (isPaused()) return;
    const content = document.createElement("template");
    content.innerHTML = html;
    morphChildren(part, [...content.content.childNodes]);
    enableCopying(part);
    again();
  };
  const again = () => { if (part.querySelector("[data-again]")) setTimeout(part.ask, 700); };
  part.redraw = redraw;
  part.ask = () => { if (!asked) { asked = true; setTimeout(redraw, 150); } };
  again();
}

// One stream for all that follows on a page; what it is about is told by the part that is about one transaction.
function listen(parts) {
  const only = parts.map((part) => part.dataset.only).find(Boolean), lamp = document.getElementById("lamp");
  const asked = [...(only ? [["transaction", only]] : []), ...parts.map((part) => ["part", part.dataset.live])];
  const events = new EventSource(`${document.body.dataset.events}?${new URLSearchParams(asked)}`);
  const askAll = () => parts.forEach((part) => part.ask());
  const light = (on) => { lamp.hidden = false; lamp.classList.toggle("on", on); lamp.ariaLabel = on ? "Connected" : "Not connected"; };
  let opened = false;
  // What many look at comes drawn; the rest is asked for.
  events.onmessage = ({ data }) => {
    const drawn = JSON.parse(data);
    parts.forEach((part) => { if (part.dataset.live in drawn) part.take(drawn[part.dataset.live]); else part.ask(); });
  };
  events.onopen = () => { light(true); if (opened) askAll(); opened = true; };
  events.onerror = () => light(false);
  every("[data-pause]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => { button.ariaPressed = String(!paused()); askAll(); });
  });
}

let flightEvents;
function followFlight(flight) {
  flightEvents?.close();
  flightEvents = new EventSource(flight.dataset.flight);
  flightEvents.onmessage = (event) => {
    flight.querySelector(".empty")?.remove();
    flight.insertAdjacentHTML("beforeend", event.data);
    flight.lastElementChild.id = `flight-${Date.now()}-${flight.childElementCount}`;
    while (flight.childElementCount > 300) flight.firstElementChild.remove();
    const pane = flight.closest(".scroll");
    pane.scrollTop = pane.scrollHeight;
  };
}

function clearFlight(button) {
  button.hidden = false;
  button.addEventListener("click", () => { document.getElementById(button.dataset.clear).textContent = ""; });
}

// As the desk writes it: 4:12.
function left(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000)), two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// The clock runs in the page between two looks at the simulator.
let moveClock;
function runClock(clock) {
  const form = clock.querySelector("#clock-form"), shown = clock.querySelector("time");
  const drift = clock.querySelector(".drift");
  const freeze = form.querySelector("#freeze");
  let now = Date.parse(shown.dateTime), at = performance.now(), frozen = shown.dataset.frozen === "yes";
  const draw = () => {
    const instant = frozen ? now : now + performance.now() - at;
    shown.textContent = new Date(instant).toISOString().slice(0, 19).replace("T", " ");
    every("[data-until]", (time) => { time.textContent = left(Date.parse(time.dataset.until) - instant); });
  };
  const take = (state) => {
    now = Date.parse(state.now); at = performance.now(); frozen = state.frozen;
    drift.textContent = state.words;
    freeze.value = frozen ? "resume" : "freeze";
    freeze.textContent = frozen ? "Run" : "Freeze";
    draw();
  };
  moveClock = async (move, more = {}) => {
    const body = new URLSearchParams({ ...more, move, back: "" });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    take(await answer.json());
    every("[data-live]", (part) => part.ask());
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    moveClock(event.submitter.value, { set: form.elements.set.value });
  });
  setInterval(draw, 500);
}

// Rows whose name has every word that is typed; the address follows, so that it can be kept and passed on.
function filterRows(form) {
  const field = form.querySelector("input[type=search]"), told = form.querySelector("output span");
  const draw = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    every(form.dataset.filter, (row) => {
      row.hidden = !words.every((word) => row.dataset.name.toLowerCase().includes(word));
      found += !row.hidden && !row.closest("nav");
    });
    told.textContent = found;
    const address = new URL(location);
    if (words.length) address.searchParams.set("q", field.value.trim()); else address.searchParams.delete("q");
    history.replaceState(null, "", address);
  };
  let asked;
  field.addEventListener("input", () => { clearTimeout(asked); asked = setTimeout(draw, 100); });
  form.addEventListener("submit", (event) => { event.preventDefault(); draw(); });
}

// A file that is dropped on a field becomes its text.
function takeFiles(field) {
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    field.value = await file.text();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// In a sequence the arrow keys move the selection, and the address carries it: what is selected is drawn without leaving the page.
async function select(link, focus) {
  const address = new URL(link.href), part = link.closest("[data-live]");
  part.dataset.live = `${address.pathname}/conversation${address.search}`;
  history.replaceState(null, "", address);
  await part.redraw();
  if (focus) document.getElementById(link.id)?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-live] a.arrow, [data-live] .views a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  select(link, true);
});

function moveSelection(step) {
  const arrows = [...document.querySelectorAll("[data-sequence] a.arrow")];
  const to = arrows[arrows.findIndex((one) => one.ariaCurrent) + step];
  if (to) { select(to, true); to.scrollIntoView({ block: "nearest" }); }
}

// j and k go through what can be opened, Enter opens it, / searches, Ctrl-K finds anything.
function goThrough(step) {
  const links = [...document.querySelectorAll("[data-keys] tbody a[id], [data-keys] > details > summary")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
  const find = document.getElementById("anything"), search = document.querySelector("input[type=search]:not(#anything)") ?? find;
  const move = document.querySelector("[data-sequence]") ? moveSelection : goThrough;
  const free = { j: () => move(1), k: () => move(-1), "/": () => search.focus() };
  if (move === moveSelection && !event.target.closest(".panel")) Object.assign(free, { ArrowDown: free.j, ArrowUp: free.k });
  const acts = event.ctrlKey || event.metaKey ? { k: () => find?.focus() } : typing ? {} : free;
  const act = acts[event.key];
  if (act) { event.preventDefault(); act(); }
});

every("form", (form) => form.addEventListener("formdata", ({ formData }) => {
  if (form.method === "get") for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
}));

// A choice is sent at once; one that is made by keyboard, where each key may change it, with Enter or when the field is left.
let typed = null;
const send = (field) => { typed = null; field.form.requestSubmit(); };
document.addEventListener("keydown", ({ target, key }) => {
  if (target.dataset?.submit === undefined || target.type === "checkbox") return;
  if (key === "Enter" && typed?.field === target) send(target);
  else if (typed?.field !== target) typed = { field: target, value: target.value };
});
document.addEventListener("pointerdown", () => { typed = null; });
document.addEventListener("focusout", ({ target }) => { if (typed?.field === target && typed.value !== target.value) send(target); else typed = null; });
document.addEventListener("change", ({ target }) => { if (target.dataset.submit !== undefined && typed?.field !== target) send(target); });
document.addEventListener("click", ({ target }) => { if (target.dataset?.print !== undefined) print(); });
every("[data-print]", (button) => { button.hidden = false; });

every("[data-live]", followLive);
listen([...document.querySelectorAll("[data-live]")]);
every("[data-flight]", followFlight);
every("[data-clear]", clearFlight);
every(".clock", runClock);
every("form[data-filter]", filterRows);
every("[data-drop]", takeFiles);
enableCopying(document);
