"""How a purchase changes: the only place where its state does.

    page ── card ──▶ method ── ask ──▶ asking ── challenge ──▶ challenge ── cres ──▶ returned
      │                │                 │                        │                     │
      │                │                 └── confirm ──▶ confirming ── ask ──▶ asking                  │
      └─── decided, failed, expired ─────┴────────────────────────┴─────────────────────┴──▶ result ── settle ──▶ settled

Every function takes a purchase and returns another one; a step that the table does not know is a `WrongStep`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from acs_sim.gateway.records.purchase import (
    Answer,
    Authentication,
    Card,
    LogEntry,
    Outcome,
    Purchase,
    PurchaseV1,
    ResultV1,
)

TRANSITIONS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("page", "card"): "method",
        ("page", "decided"): "result",
        ("page", "failed"): "result",
        ("page", "expired"): "result",
        ("method", "ask"): "asking",
        ("method", "expired"): "result",
        ("asking", "challenge"): "challenge",
        ("asking", "confirm"): "confirming",
        ("confirming", "ask"): "asking",
        ("confirming", "expired"): "result",
        ("asking", "decided"): "result",
        ("asking", "failed"): "result",
        ("asking", "expired"): "result",
        ("challenge", "cres"): "returned",
        ("challenge", "decided"): "result",
        ("challenge", "failed"): "result",
        ("challenge", "expired"): "result",
        ("returned", "decided"): "result",
        ("returned", "failed"): "result",
        ("returned", "expired"): "result",
        ("result", "settle"): "settled",
    }
)
EXPIRED_REASONS: Final = MappingProxyType(
    {
        "page": "page-expired",
        "method": "page-expired",
        "asking": "exchange-interrupted",
        "confirming": "no-result",
        "challenge": "no-result",
        "returned": "no-result",
    }
)
MAX_LOG_ENTRIES: Final = 200


class WrongStep(Exception):
    """The purchase is not where this step begins; `state` says where it is."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} does not follow {state}")
        self.state = state


def note(purchase: Purchase, at: datetime, text: str) -> Purchase:
    """The same purchase with a line in its log; a log that is full keeps its first lines."""
    if len(purchase.log) >= MAX_LOG_ENTRIES:
        return purchase
    return replace(purchase, log=(*purchase.log, LogEntry(at, text)))


def _step(purchase: Purchase, event: str, **changes: Any) -> Purchase:
    following = TRANSITIONS.get((purchase.state, event))
    if following is None:
        raise WrongStep(purchase.state, event)
    return replace(purchase, state=following, **changes)


def give_card(
    purchase: Purchase,
    card: Card,
    *,
    scheme: str,
    enrolled: bool | None,
    version: str,
    method_url: str | None,
    device: Mapping[str, Any],
    window: str | None,
    at: datetime,
    method_wait: timedelta,
    can_confirm: bool = False,
) -> Purchase:
    """The buyer typed a card that goes to 3-D Secure. `window`: challengeWindowSize, None in an app;
    `can_confirm`: the browser has Secure Payment Confirmation. Errors: `WrongStep`."""
    return note(
        _step(
            purchase,
            "card",
            card=card,
            scheme=scheme,
            enrolled=enrolled,
            version=version,
            method_url=method_url,
            method="running" if method_url else "not-needed",
            method_until=at + method_wait if method_url else None,
            device=dict(device),
            in_app=window is None,
            can_confirm=can_confirm,
            window=window,
            purchase_date=f"{at:%Y%m%d%H%M%S}",
        ),
        at,
        f"card {card.masked} ({scheme}), version {version}, "
        + ("3DS Method begun" if method_url else "no 3DS Method for this card range"),
    )


def not_enrolled(purchase: Purchase, card: Card, why: str, at: datetime) -> Purchase:
    """The card is in no card range: the purchase goes on without 3-D Secure. Errors: `WrongStep`."""
    scheme = card.networks[0] if card.networks else None
    decided = _step(purchase, "decided", card=card, scheme=scheme, enrolled=False, deadline_at=None)
    return note(decided, at, f"card {card.masked}: {why}; the payment goes on without 3-D Secure")


def refuse_card(purchase: Purchase, at: datetime, most: int | None) -> Purchase:
    """The buyer typed a number that is none; the `most`-th ends the purchase. Errors: `WrongStep`."""
    if purchase.state != "page":
        raise WrongStep(purchase.state, "card")
    counted = replace(purchase, refused_cards=purchase.refused_cards + 1)
    if most is not None and counted.refused_cards >= most:
        return fail(counted, "too-many-tries", at, f"{most} card numbers that are none")
    return note(counted, at, "a card number that is none was typed")


def method_done(purchase: Purchase, at: datetime) -> Purchase:
    """The ACS called the 3DS Method notification address. After the AReq it changes nothing but the log."""
    if purchase.state == "method" and purchase.method == "running":
        return note(replace(purchase, method="done"), at, "3DS Method completed")
    return note(purchase, at, f"a 3DS Method notification came when it was no longer awaited ({purchase.state})")


def ask(purchase: Purchase, at: datetime, exchange_wait: timedelta) -> Purchase:
    """The AReq is about to be sent; from here on only one exchange runs. Errors: `WrongStep`."""
    comp_ind = {"not-needed": "U", "done": "Y"}.get(purchase.method, "N")
    asked = _step(purchase, "ask", comp_ind=comp_ind, deadline_at=at + exchange_wait)
    return note(asked, at, f"AReq sent, threeDSCompInd {comp_ind}")


def ask_again(
    purchase: Purchase, second: Mapping[str, Any], trans_id: str, at: datetime, exchange_wait: timedelta
) -> Purchase:
    """The browser was asked to confirm the payment, and `second` is what the AReq brings that follows, under `trans_id`. Errors:
    `WrongStep`."""
    asked = _step(purchase, "ask", second=dict(second), asked_as=trans_id, deadline_at=at + exchange_wait)
    incomplete = second.get("spcIncompInd")
    text = f"spcIncompInd {incomplete}" if incomplete else "an assertion"
    return note(asked, at, f"second AReq sent, with {text}")


def record_ares(
    purchase: Purchase, ares: Mapping[str, Any], at: datetime, challenge_wait: timedelta, confirmation_wait: timedelta
) -> Purchase:
    """An ARes that passed every check. Errors: `WrongStep`."""
    status = ares["transStatus"]
    kept: dict[str, Any] = {
        "ares": {name: ares[name] for name in _KEPT_OF_ARES if name in ares},
        "ds_trans_id": ares["dsTransID"],
        "acs_trans_id": ares["acsTransID"],
    }
    if status == "C":
        kept |= {"acs_url": ares.get("acsURL"), "deadline_at": at + challenge_wait}
        return note(_step(purchase, "challenge", **kept), at, "ARes C: the cardholder is challenged")
    if status == "S":
        kept |= {"confirms": {name: ares[name] for name in _CONFIRMED}, "deadline_at": at + confirmation_wait}
        return note(_step(purchase, "confirm", **kept), at, "ARes S: the browser is asked to confirm the payment")
    decided = _step(purchase, "decided", authentication=_authentication("ARes", ares), deadline_at=None, **kept)
    return note(decided, at, f"ARes {_status_text(ares)}")


_CONFIRMED: Final = ("spcTransData", "webAuthnCredList")
_KEPT_OF_ARES: Final = (
    "transStatus",
    "transStatusReason",
    "eci",
    "authenticationValue",
    "authenticationType",
    "acsChallengeMandated",
    "cardholderInfo",
    "messageVersion",
    "acsReferenceNumber",
    "acsSignedContent",
)


def record_results(purchase: Purchase, rreq: Mapping[str, Any], at: datetime) -> Purchase:
    """An RReq that passed every check: the result that counts, whatever the CRes says. Errors: `WrongStep`."""
    decided = _step(
        purchase, "decided", results=dict(rreq), authentication=_authentication("RReq", rreq), deadline_at=None
    )
    return _compare(note(decided, at, f"RReq {_status_text(rreq)}"), at)


def record_cres(purchase: Purchase, trans_status: str | None, at: datetime, results_wait: timedelta) -> Purchase:
    """The browser came back with a CRes (`trans_status`), or with an Erro (None). It decides nothing: it says that the RReq
    should be here by now."""
    if purchase.cres_status is not None and trans_status != purchase.cres_status:
        return note(purchase, at, f"a second, different CRes ({trans_status}) was ignored")
    returned = replace(purchase, cres_status=trans_status)
    if purchase.state == "challenge":
        returned = _step(returned, "cres", deadline_at=at + results_wait)
    said = f"CRes {trans_status}" if trans_status else "an Erro in place of the CRes"
    return _compare(note(returned, at, f"the browser is back with {said}"), at)


def look_up(
    purchase: Purchase, card: Card, scheme: str, window: str, at: datetime, exchange_wait: timedelta
) -> Purchase:
    """The buyer typed a card that only 3-D Secure 1.0.2 knows: a VEReq is about to be sent. Errors: `WrongStep`."""
    typed = _step(
        purchase,
        "card",
        card=card,
        scheme=scheme,
        version="1.0.2",
        window=window,
        purchase_date=f"{at:%Y%m%d%H%M%S}",
    )
    asked = _step(typed, "ask", deadline_at=at + exchange_wait)
    return note(asked, at, f"card {card.masked} ({scheme}), version 1.0.2: VEReq sent")


def record_veres(
    purchase: Purchase, veres: Mapping[str, Any], pareq: dict[str, Any] | None, at: datetime, challenge_wait: timedelta
) -> Purchase:
    """A VERes that passed every check, and the PAReq that follows from Y. Errors: `WrongStep`."""
    enrolled = veres["CH"]["enrolled"]
    code = (veres.get("IReq") or {}).get("iReqCode")
    kept = PurchaseV1(enrolled=enrolled, ireq_code=code, pareq=pareq)
    known = {"Y": True, "N": False}.get(enrolled)
    text = f"VERes {enrolled}" + (f" (iReqCode {code})" if code else "")
    if pareq is not None:
        following = _step(
            purchase,
            "challenge",
            v1=kept,
            enrolled=known,
            acs_url=veres["url"],
            deadline_at=at + challenge_wait,
        )
        return note(following, at, f"{text}: the cardholder goes to the ACS")
    unknown = Authentication(source="VERes", trans_status="U") if enrolled == "U" else None
    decided = _step(purchase, "decided", v1=kept, enrolled=known, authentication=unknown, deadline_at=None)
    return note(decided, at, text)


def record_pares(purchase: Purchase, result: ResultV1, at: datetime) -> Purchase:
    """A PARes that passed every check but perhaps that of its signature. Errors: `WrongStep`."""
    authentication = Authentication(
        source="PARes", trans_status=result.status, eci=result.eci, value=result.cavv, reason=result.ireq_code
    )
    kept = replace(purchase.v1, result=result) if purchase.v1 else None
    decided = _step(purchase, "decided", v1=kept, authentication=authentication, deadline_at=None)
    text = f"PARes {result.told}, signature {result.signature}"
    return note(decided, at, f"{text}: {result.fault}" if result.fault else text)


def fail(purchase: Purchase, reason: str, at: datetime, text: str) -> Purchase:
    """No authentication result will come; `reason` is a word of the texts. Errors: `WrongStep`."""
    return note(_step(purchase, "failed", failure=reason, deadline_at=None), at, text)


def expire(purchase: Purchase, at: datetime) -> Purchase:
    """The deadline of the state passed. Errors: `WrongStep`."""
    reason = EXPIRED_REASONS.get(purchase.state, "")
    expired = _step(purchase, "expired", failure=reason, deadline_at=None)
    return note(expired, at, f"no news in time ({purchase.state})")


def settle(purchase: Purchase, outcome: Outcome, answer: Answer | None) -> Purchase:
    """The end: the card's number is forgotten. Errors: `WrongStep`."""
    card = replace(purchase.card, sealed=None) if purchase.card else None
    settled = _step(purchase, "settle", outcome=outcome, answer=answer, card=card, deadline_at=None)
    return note(settled, outcome.at, f"{outcome.result}: {outcome.reason}")


# An attempt has no word of its own in the CRes, and ACSs say either.
_CRES_OF_RESULT: Final = MappingProxyType({"Y": "Y", "A": "YN"})


def _compare(purchase: Purchase, at: datetime) -> Purchase:
    """A CRes that contradicts the RReq is worth a line: the RReq decides."""
    if purchase.results is None or purchase.cres_status is None:
        return purchase
    if purchase.cres_status in _CRES_OF_RESULT.get(purchase.results["transStatus"], "N"):
        return purchase
    return note(
        purchase,
        at,
        f"mismatch: the CRes says {purchase.cres_status}, the RReq says {purchase.results['transStatus']}; the RReq decides",
    )


def _authentication(source: str, message: Mapping[str, Any]) -> Authentication:
    return Authentication(
        source=source,
        trans_status=message["transStatus"],
        reason=message.get("transStatusReason"),
        eci=message.get("eci"),
        value=message.get("authenticationValue"),
        challenge_cancel=message.get("challengeCancel"),
        interaction_counter=message.get("interactionCounter"),
    )


def _status_text(message: Mapping[str, Any]) -> str:
    status: str = message["transStatus"]
    reason, cancel = message.get("transStatusReason"), message.get("challengeCancel")
    return (
        status + (f", transStatusReason {reason}" if reason else "") + (f", challengeCancel {cancel}" if cancel else "")
    )
