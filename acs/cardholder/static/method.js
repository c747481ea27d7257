// The 3DS Method: tells the issuer what this browser is, then calls back. It calls back too when the issuer cannot be told.
"use strict";
const PATIENCE_MILLISECONDS = 2000;
const form = document.querySelector("form[data-seen]");

function browser() {
  return new URLSearchParams({
    threeDSServerTransID: form.dataset.transaction,
    browserUserAgent: navigator.userAgent,
    browserLanguage: navigator.language,
    languages: (navigator.languages || []).join(","),
    browserScreenWidth: screen.width,
    browserScreenHeight: screen.height,
    browserColorDepth: screen.colorDepth,
    browserTZ: new Date().getTimezoneOffset(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || "",
    touchPoints: navigator.maxTouchPoints || 0,
    processors: navigator.hardwareConcurrency || 0,
    cookies: navigator.cookieEnabled,
  });
}

async function tell() {
  try {
    await fetch(form.dataset.seen, { method: "POST", body: browser(), signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  } catch {
    // The issuer decides without it.
  }
  form.requestSubmit();
}

tell();
