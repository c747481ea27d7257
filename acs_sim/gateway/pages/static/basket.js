// Keeps the total beside the quantities; the server counts again.
"use strict";
const total = document.getElementById("total");
const quantities = [...document.querySelectorAll("input[data-price]")];
const euros = new Intl.NumberFormat(total.dataset.language === "fr" ? "fr-FR" : "en-IE", { style: "currency", currency: "EUR" });

function count() {
  const cents = quantities.reduce((sum, input) => sum + Number(input.dataset.price) * Number(input.value || 0), 0);
  total.textContent = euros.format(cents / 100);
}

for (const input of quantities) input.addEventListener("input", count);
