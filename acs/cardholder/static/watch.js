// Goes on by itself once the banking app has told the bank what was decided. Without scripts the form has a button for it.
const form = document.querySelector("form[data-watch]");
const INTERVAL = 1000;

async function look() {
  try {
    const answer = await fetch(form.dataset.watch, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok && (await answer.json()).over) {
      form.requestSubmit(document.getElementById("submit"));
      return;
    }
  } catch {
    // The bank is out of reach for now; the button stays.
  }
  setTimeout(look, INTERVAL);
}

setTimeout(look, INTERVAL);
