// The split screen: its selectors, its story, and the cardholder played in the bank's page that everybody sees.
"use strict";

const form = document.getElementById("choice"), told = document.getElementById("told");
const flight = document.getElementById("flight"), latest = document.getElementById("latest");
const steps = [...document.querySelectorAll("#story li")];
const STEP_OF = {
  "Payment form": 1, AReq: 2, VEReq: 2, ARes: 3, VERes: 3, SMS: 4, "push prompt": 4, "challenge page": 5, CRes: 6, RReq: 6, PARes: 6,
  IPN: 7, CGI2: 7,
};
const pause = (milliseconds) => new Promise((go) => { setTimeout(go, milliseconds); });
let played = false;

// --- the story ---

function tell(arrow) {
  const { kind, gist } = arrow.dataset, step = STEP_OF[kind] ?? 0;
  const tone = arrow.dataset.tone || (step === 7 && steps[5].dataset.tone) || "";
  if (kind === "Payment form") clearStory();
  if (step > reached()) steps.forEach((one, index) => { one.classList.toggle("done", index < step); });
  if (step && tone) steps[step - 1].dataset.tone = tone;
  steps.forEach((one, index) => { one.ariaCurrent = index + 1 === reached() ? "step" : null; });
  latest.textContent = `${kind} ${gist}`;
  latest.className = `latest ${tone}`;
}

function clearStory() {
  steps.forEach((step) => { step.className = ""; step.ariaCurrent = null; delete step.dataset.tone; });
}

const reached = () => steps.filter((step) => step.classList.contains("done")).length;
const underWay = () => reached() > 0 && reached() < 6;

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.dataset?.kind) tell(node);
}).observe(flight, { childList: true });

// --- what is chosen: a purchase that is under way goes on, and what was told stays ---

async function choose({ now }) {
  const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  const answer = await fetch(address);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  history.replaceState(null, "", address);
  for (const name of ["choice", "diagram"]) refill(name, page);
  told.textContent = underWay() && !now ? "The next order is made with it. This one goes on." : "";
  if (underWay() && !now) return;
  for (const name of ["shop", "phone"]) document.getElementById(name).replaceWith(document.importNode(page.getElementById(name), true));
}

function refill(name, page) {
  const fresh = page.getElementById(name), focused = document.activeElement?.name;
  if (name === "diagram") {
    const { flight: address } = fresh.querySelector("#flight").dataset;
    if (flight.dataset.flight === address) return;
    flight.dataset.flight = address;
    document.querySelector(".heads").replaceWith(fresh.querySelector(".heads"));
    followFlight(flight);
    return;
  }
  form.replaceChildren(...fresh.childNodes);
  form.elements[focused]?.focus();
  enableCopying(form);
}

form.addEventListener("change", () => choose({ now: false }));

// --- the cardholder ---

// The bank's page is a frame of the shop's page. It says which page it is, and takes what is typed on that page alone.
function bank(message) {
  const frame = document.getElementById("shop").contentWindow[0];
  if (!frame) return Promise.resolve(null);
  return new Promise((go) => {
    const heard = (event) => { if (event.source === frame && event.data?.played) done(event.data.played); };
    const done = (value) => { removeEventListener("message", heard); clearTimeout(late); go(value); };
    const late = setTimeout(() => done(null), 400);
    addEventListener("message", heard);
    frame.postMessage(message, "*");
  });
}

async function shownPage(after = null) {
  for (let tries = 0; tries < 40; tries += 1) {
    const page = await bank({ play: "look" });
    if (page && page !== after) return page;
    await pause(150);
  }
  return null;
}

// What the bank takes for the right answer, or for a wrong one; null where the banking app was told instead, or nothing is asked.
async function answer(wanted) {
  const body = new URLSearchParams({ demo: form.elements.demo.value, wanted });
  const told = await fetch(form.dataset.answer, { method: "POST", body });
  return told.ok ? (await told.json()).type : null;
}

async function type(value, after = null) {
  const page = value === null ? null : await shownPage(after);
  if (page) document.getElementById("shop").contentWindow[0].postMessage({ play: "type", on: page, value }, "*");
  return page;
}

async function submit(wanted, after = null) {
  return await shownPage(after) ? type(await answer(wanted)) : null;
}

async function wrongThreeTimes() {
  let page = await submit("wrong");
  for (let times = 1; page && times < 3; times += 1) {
    await pause(900);
    page = await submit("wrong", page);
  }
}

async function expire() {
  if (!await shownPage()) return;
  const code = await answer("correct");
  await moveClock("301s");
  await type(code);
}

const PLAYS = {
  right: () => submit("correct"),
  wrong: wrongThreeTimes,
  expire,
  again: () => { clearStory(); return choose({ now: true }); },
  present,
};

function present() {
  const on = document.body.classList.toggle("presented");
  document.querySelector("[data-play=present]").setAttribute("aria-pressed", String(on));
}

async function play(button) {
  if (played) return;
  played = true;
  told.textContent = "";
  await PLAYS[button.dataset.play]();
  played = false;
}

document.getElementById("plays").hidden = false;
document.querySelectorAll("[data-play]").forEach((button) => button.addEventListener("click", () => play(button)));
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "p" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) present();
});
