// The documents as a site: its search, in the reader's browser, by the index that comes with it.
"use strict";

const field = document.getElementById("q"), hits = document.getElementById("hits"), MOST = 30;

// A word in a heading counts more than one in the text; every word has to be there.
function score(one, words) {
  const [, title, heading, text] = one.map((part) => part.toLowerCase());
  if (!words.every((word) => `${title} ${heading} ${text}`.includes(word))) return 0;
  return words.reduce((sum, word) => sum + 1 + 100 * heading.includes(word) + 20 * title.includes(word), 0);
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const ranked = words.length ? sections.map((one) => [score(one, words), one]).filter(([points]) => points) : [];
  ranked.sort(([one], [other]) => other - one);
  hits.replaceChildren(...ranked.slice(0, MOST).map(([, [address, title, heading]]) => {
    const line = document.createElement("li"), link = line.appendChild(document.createElement("a"));
    link.href = document.body.dataset.root + address;
    link.textContent = heading === title ? title : `${title} · ${heading}`;
    return line;
  }));
}

document.getElementById("search").hidden = false;
document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", search);
