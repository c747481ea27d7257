// Runs the 3DS Method in its hidden frame and goes on when it is heard of, or when its time is over: the server's ten seconds,
// which follow the simulator's clock, or ten real ones.
"use strict";
const METHOD_MILLISECONDS = 10000;
const POLL_MILLISECONDS = 500;
const form = document.getElementById("continue-form");
let gone = false;

function goOn() {
  if (gone) return;
  gone = true;
  form.submit();
}

async function poll() {
  if (gone) return;
  try {
    const answer = await fetch(form.dataset.poll, { cache: "no-store" });
    if (answer.ok && !(await answer.json()).running) return goOn();
  } catch {
    // The timer below goes on in any case.
  }
  setTimeout(poll, POLL_MILLISECONDS);
}

window.addEventListener("message", (event) => {
  if (event.origin === window.location.origin && event.data === "3DS Method heard") goOn();
});
setTimeout(goOn, METHOD_MILLISECONDS);
const method = document.getElementById("method-form");
if (method) method.submit(); // a card without a 3DS Method only has to go on
poll();
