// The check judges what stands in the field as it is typed: a pause after the last key, and one question at a time.
"use strict";

const paste = document.getElementById("paste"), told = document.getElementById("verdict"), PAUSE = 250;
let waiting, asking;

async function judge() {
  asking?.abort();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(paste));
  const answer = await fetch(paste.dataset.answer, { method: "POST", body, signal: asking.signal }).catch(() => null);
  if (!answer?.ok) return;
  const content = document.createElement("template");
  content.innerHTML = await answer.text();
  morphChildren(told, [...content.content.childNodes]);
}

paste.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(judge, PAUSE);
});
