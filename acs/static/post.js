// Posts the page's form when its time has come. Without scripts the form has a button for it.
const form = document.querySelector("form[data-delay]");
const timer = setTimeout(() => form.requestSubmit(), Number(form.dataset.delay));
form.addEventListener("submit", () => clearTimeout(timer));
