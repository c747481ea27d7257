// In the hidden frame of the 3DS Method: tells the payment page around it, which is of the same origin.
"use strict";
if (window.parent !== window) window.parent.postMessage("3DS Method heard", window.location.origin);
