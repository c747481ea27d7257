// The control API, called from its page: the form writes the call for a shell, and makes it.
"use strict";

const PATIENCE = 30_000, LONGEST = 100_000;
const HOME = location.pathname.replace(/api\/docs$/, ""); // of the desk, or of the namespace that it is the desk of

function wished(form) {
  const query = new URLSearchParams();
  let path = HOME + form.dataset.path;
  every("[data-in]", ({ name, value, dataset }) => {
    if (dataset.in === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }, form);
  const body = form.querySelector("textarea")?.value;
  return { method: form.dataset.method, address: path + (query.size ? `?${query}` : ""), body };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function shellWords({ method, address, body }) {
  const asks = method === (body ? "POST" : "GET") ? "" : ` -X ${method}`;
  return `curl${asks} ${quoted(location.origin + address)}${body ? ` --json ${quoted(body)}` : ""}`;
}

function rewrite(form) {
  const shell = document.getElementById(`curl-${form.dataset.call}`);
  shell.textContent = shell.parentElement.querySelector("[data-copy]").dataset.copy = shellWords(wished(form));
}

async function execute(form) {
  const told = document.getElementById(`answer-${form.dataset.call}`), { method, address, body } = wished(form);
  const begun = performance.now(), headers = body ? { "Content-Type": "application/json" } : {};
  try {
    const answer = await fetch(address, { method, body, headers, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    show(told, `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - begun)} ms`, indented(text));
  } catch (error) {
    show(told, "No answer", String(error));
  }
}

function indented(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function show(told, words, text) {
  const [line, code, shown, button] = ["p", "div", "pre", "button"].map((name) => document.createElement(name));
  line.textContent = words;
  Object.assign(shown, { textContent: text.slice(0, LONGEST) || "(no body)", tabIndex: 0 });
  Object.assign(button, { type: "button", className: "copy", textContent: "Copy", ariaLabel: "Copy the answer" });
  button.dataset.copy = text;
  code.className = "listing";
  code.append(shown, button);
  told.replaceChildren(line, code);
  told.hidden = false;
  enableCopying(told);
}

every("form[data-call]", (form) => {
  form.hidden = false;
  form.addEventListener("input", () => rewrite(form));
  form.addEventListener("submit", (event) => { event.preventDefault(); execute(form); });
});
