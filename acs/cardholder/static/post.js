// Posts the page's forms when their time has come. Without scripts a form has a button for it.
for (const form of document.querySelectorAll("form[data-delay]")) {
  const timer = setTimeout(() => form.requestSubmit(), Number(form.dataset.delay));
  form.addEventListener("submit", () => clearTimeout(timer));
}
