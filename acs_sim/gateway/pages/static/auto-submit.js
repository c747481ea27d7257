// A form that goes on by itself; its button is for browsers without scripts.
"use strict";
document.querySelector("form[data-auto-submit]").submit();
