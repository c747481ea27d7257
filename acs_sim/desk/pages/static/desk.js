// The desk works without this file; with it, pages follow what happens.
"use strict";

const every = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

function enableCopying(root) {
  every("[data-copy]", (button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1200);
    });
  }, root);
}

// A part of a page that is drawn again when a message of its concern has crossed a hop. What was opened stays open.
function whereItStands(element) {
  if (element.id) return `#${element.id}`;
  const opened = element.matches("summary") && element.parentElement.id;
  return opened ? `#${opened} > summary` : "";
}

// What is the same is not touched, so that a click on it is not lost; what is open stays so, and what has the focus keeps it.
function followLive(part) {
  let asked = false, drawn = part.innerHTML.trim();
  const redraw = async () => {
    asked = false;
    const answer = await fetch(part.dataset.live);
    if (!answer.ok) return;
    const content = document.createElement("template");
    content.innerHTML = (await answer.text()).trim();
    if (content.innerHTML === drawn) return;
    drawn = content.innerHTML;
    const open = [...part.querySelectorAll("details[open]")].map((one) => one.id);
    const focused = part.contains(document.activeElement) && whereItStands(document.activeElement);
    part.replaceChildren(content.content);
    open.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
    if (focused) document.querySelector(focused)?.focus();
    enableCopying(part);
  };
  const ask = () => { if (!asked) { asked = true; setTimeout(redraw, 150); } };
  const only = part.dataset.only ? `?transaction=${encodeURIComponent(part.dataset.only)}` : "";
  const events = new EventSource(`/api/events${only}`);
  events.onmessage = ask;
  let opened = false;
  events.onopen = () => { if (opened) ask(); opened = true; };
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

// The clock runs in the page between two looks at the simulator.
let moveClock;
function runClock(clock) {
  const form = clock.querySelector("form"), shown = clock.querySelector("time");
  const drift = clock.querySelector(".drift");
  const freeze = form.querySelector("#freeze");
  let now = Date.parse(shown.dateTime), at = performance.now(), frozen = shown.dataset.frozen === "yes";
  const draw = () => {
    const instant = new Date(frozen ? now : now + performance.now() - at);
    shown.textContent = instant.toISOString().slice(0, 19).replace("T", " ");
  };
  const take = (state) => {
    now = Date.parse(state.now); at = performance.now(); frozen = state.frozen;
    drift.textContent = state.words;
    freeze.value = frozen ? "resume" : "freeze";
    freeze.textContent = frozen ? "Run" : "Freeze";
    draw();
  };
  moveClock = async (move) => {
    const body = new URLSearchParams({ move, back: "" });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) take(await answer.json());
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); moveClock(event.submitter.value); });
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
      found += !row.hidden;
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

// A message that an address points to is shown opened.
function openTarget() {
  const one = /^#m\d+$/.test(location.hash) && document.querySelector(location.hash);
  if (one) { one.open = true; one.scrollIntoView({ block: "center" }); }
}

addEventListener("hashchange", openTarget);
openTarget();
every("select[data-submit]", (select) => select.addEventListener("change", () => select.form.requestSubmit()));
every("[data-live]", followLive);
every("[data-flight]", followFlight);
every("[data-clear]", clearFlight);
every(".clock", runClock);
every("form[data-filter]", filterRows);
enableCopying(document);
