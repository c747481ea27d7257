// The phone app: its buttons press without leaving the page, so that the phone beside it stays as it is.
"use strict";

const app = document.getElementById("app");

app.addEventListener("submit", async (event) => {
  event.preventDefault();
  await press(event.target, event.submitter);
});

async function press(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  form.inert = true;
  const answer = await fetch(form.action, { method: "POST", body: fields });
  form.inert = false;
  if (!answer.ok) { location.reload(); return; }
  for (const field of form.querySelectorAll("input[maxlength]")) field.value = "";
  await app.redraw();
}

app.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const field = document.getElementById(button.dataset.reveal), hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  button.textContent = hidden ? "Hide" : "Show";
});

// What the page does by itself: the banking app comes back when it is done, and fields can be revealed.
function settle() {
  for (const button of app.querySelectorAll("[data-reveal]")) button.hidden = false;
  const form = app.querySelector("[data-at-once]");
  if (form && !form.inert) press(form);
}
new MutationObserver(settle).observe(app, { childList: true, subtree: true });
settle();
