"""Values that several elements share."""

from typing import Final

from threedsecure.v2.grammar.formats import Object
from threedsecure.v2.grammar.patterns import bound, growing, matching

VERSION: Final = matching("a version number, n.n.n", bound(5, 8) + r"[0-9]+\.[0-9]+\.[0-9]+", 5, 8)
OBJECTS: Final = Object()
SUBDIVISION: Final = matching("the subdivision part of an ISO 3166-2 code", "[A-Za-z0-9]{1,3}", 1, 3)
UI_TEMPLATE: Final = growing(
    "01 text",
    "02 single select",
    "03 multi select",
    "04 out of band",
    "05 HTML",
    v231=("06 HTML out of band", "07 information"),
)
AUTHENTICATION_METHOD: Final = growing(
    "01 static passcode",
    "02 SMS passcode",
    "03 key fob or card reader passcode",
    "04 app passcode",
    "05 other passcode",
    "06 knowledge",
    "07 out of band, biometrics",
    "08 out of band, login",
    "09 out of band, other",
    "10 other",
    v220=("11 push confirmation",),
    v231=("12 decoupled", "13 WebAuthn", "14 SPC", "15 behavioural biometrics", "16 electronic id"),
    ds=True,
)
