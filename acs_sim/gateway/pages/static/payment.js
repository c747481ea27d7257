// The card form: groups the digits, fills in a test card, and says what the AReq must know of this browser.
"use strict";
const form = document.getElementById("payment-form");
const number = document.getElementById("card-number");
const expiry = document.getElementById("expiry");
const cryptogram = document.getElementById("cryptogram");

const grouped = (digits) => digits.replace(/(\d{4})(?=\d)/g, "$1 ");

number.addEventListener("input", () => {
  if (number.selectionStart !== number.value.length) return;
  number.value = grouped(number.value.replace(/\D/g, "").slice(0, 19));
});
expiry.addEventListener("input", (event) => {
  if (event.inputType?.startsWith("delete")) return;
  const digits = expiry.value.replace(/\D/g, "").slice(0, 4);
  expiry.value = digits.length >= 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits;
});

// Of a co-badged card the buyer chooses the brand; any other card has none to choose.
const brands = document.getElementById("brands");
const coBadged = brands ? JSON.parse(brands.dataset.coBadged) : {};
function offerBrands() {
  if (!brands) return;
  const digits = number.value.replace(/\D/g, "");
  const names = Object.entries(coBadged).find(([prefix]) => digits.startsWith(prefix))?.[1] ?? [];
  brands.hidden = names.length === 0;
  for (const choice of brands.querySelectorAll("input")) {
    choice.parentElement.hidden = !names.includes(choice.value);
    choice.checked = choice.checked && names.includes(choice.value);
  }
  const first = brands.querySelector(`input[value="${names[0]}"]`);
  if (first && !brands.querySelector("input:checked")) first.checked = true;
}
number.addEventListener("input", offerBrands);
offerBrands();

for (const button of document.querySelectorAll("button.fill")) {
  button.addEventListener("click", () => {
    number.value = grouped(button.dataset.number);
    expiry.value = button.dataset.expiry;
    cryptogram.value = button.dataset.cryptogram;
    offerBrands();
    document.getElementById("pay").focus();
  });
}

// The challenge frame gets the largest size that fits beside the page's margins; a narrow page gives it all it has.
function windowSize() {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  if (width >= 560 && height >= 800) return "03";
  if (width >= 680) return "04";
  return width >= 440 ? "02" : "05";
}

// Where the browser can confirm payments by itself, the bank is told so.
globalThis.PaymentRequest?.securePaymentConfirmationAvailability?.().then(
  (found) => { form.elements.spc.value = found === "available" ? "Y" : ""; },
  () => {},
);

form.addEventListener("submit", () => {
  const told = {
    browserJavascriptEnabled: true,
    browserJavaEnabled: typeof navigator.javaEnabled === "function" && navigator.javaEnabled(),
    browserLanguage: form.dataset.language ?? navigator.language, // a demo is in one language from the shop to the bank and the phone
    browserColorDepth: screen.colorDepth,
    browserScreenHeight: screen.height,
    browserScreenWidth: screen.width,
    browserTZ: new Date().getTimezoneOffset(),
  };
  for (const [name, value] of Object.entries(told)) form.elements[name].value = String(value);
  if (!form.elements.window.value) form.elements.window.value = windowSize();
  document.getElementById("pay").setAttribute("aria-busy", "true");
});
