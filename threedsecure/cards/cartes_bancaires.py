"""What Cartes Bancaires adds to EMV 3DS, as far as it is public: message extensions (FAST'R by CB) and an exemption (Safe'R by CB).

Public are the names CB-SCORE, CB-AVALGO and CB-EXEMPTION with their values (Stripe's reference); that CB's directory server writes
the score into the ARes and the merchant the number of articles into the AReq (w3c/3ds issue 1); that the challenge indicator 90
leaves it to CB (Cardinal); and the limits of Safe'R (HiPay, Lyra). Ids, the layout of the data, the bits of the bitmap and the name
of the articles' extension are the simulator's own. Pure."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

SCHEME: Final = "cb"
SAFER: Final = "90"
"""threeDSRequestorChallengeInd: whether to ask the cardholder is left to CB; here also the name of the exemption that follows."""
ALGORITHM: Final = "0"
"""CB-AVALGO of 0 to 4 and A: HMAC, by which the simulator computes its values for this scheme."""
_NO_REASON: Final = "02"
_ANALYSED: Final = "05"
_EURO: Final = "978"
_UP_TO, _UP_TO_ANALYSED = 100_00, 250_00
_BITS: Final[Mapping[str, int]] = MappingProxyType({"05": 0, "08": 1, "10": 2, "11": 3, SAFER: 4})


def articles(number: int) -> dict[str, Any]:
    """The extension of an AReq that says how many articles are bought."""
    return _extension("CB-ARTICLES", {"number": str(number)})


def score(value: int) -> dict[str, Any]:
    """The extension of an ARes with the score of CB's analysis, 0 to 99."""
    return _extension("CB-SCORE", {"score": str(value)})


def algorithm() -> dict[str, Any]:
    """The extension that goes with an authentication value."""
    return _extension("CB-AVALGO", {"algorithm": ALGORITHM})


def exemption(granted: str) -> dict[str, Any]:
    """The extension that says which exemption spared the cardholder a challenge: a challenge indicator. Three bytes, the lowest
    first, each from its highest bit."""
    bit = _BITS[granted]
    bitmap = bytes(0x80 >> bit % 8 if place == bit // 8 else 0 for place in range(3))
    return _extension("CB-EXEMPTION", {"exemption": b64encode(bitmap).decode()})


def has_score(message: Mapping[str, Any]) -> bool:
    return any(one.get("name") == "CB-SCORE" for one in message.get("messageExtension", ()))


def spares(indicators: Collection[str], amount: int | None, currency: str | None) -> bool:
    """Whether Safe'R spares the cardholder of a CB card a challenge: in euros, up to 100.00 where the merchant wishes none and
    gives no reason (02) or leaves it to CB (90), and up to 250.00 where it has analysed the risk as well (05, the other of two)."""
    asked = _NO_REASON in indicators or SAFER in indicators
    limit = _UP_TO_ANALYSED if _ANALYSED in indicators else _UP_TO
    return asked and currency == _EURO and amount is not None and amount <= limit


def _extension(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "id": f"ACS-SIM-{name}", "criticalityIndicator": False, "data": dict(data)}
