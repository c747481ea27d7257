"""The forms of our own pages as they come back, in either generation of the protocol."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct

from acs.cardholder.challenge import Action, Challenge, Ending
from acs.cardholder.passkeys.ceremony import Asserted
from acs.cardholder.securecode import Verdict
from acs.issuer import Issuer
from threedsecure.redaction import redact_card_numbers
from threedsecure.secrets.exposure import shows
from threedsecure.web.wire import Problem, WireRequest, read_form

MAX_FIELDS: Final = 40
_ACTIONS: Final = {action.value: action for action in Action}


class Answer(Struct, frozen=True):
    acs_trans_id: str
    action: Action
    page: int
    value: str
    trusts: bool
    binds: bool


def read_answer(issuer: Issuer, request: WireRequest) -> Answer:
    """Errors: `Problem`."""
    form, value = read_form(request), ",".join(_values(request, "challengeValue"))
    acs_trans_id = form.get("acsTransID", "")
    page_number = issuer.page_of(acs_trans_id, form.get("page", ""))
    if page_number is None:
        raise Problem(403, "Forbidden", "this form was not written here")
    action = _ACTIONS.get(form.get("action", Action.SUBMIT.value))
    if action is None:
        raise Problem(400, "Bad Request", f"action is one of {', '.join(_ACTIONS)}")
    trusts, binds = (form.get(box) == "Y" for box in ("trustMerchant", "bindDevice"))
    return Answer(acs_trans_id, action, page_number, value, trusts=trusts, binds=binds)


def note_exposure(issuer: Issuer, pan: str, ids: Mapping[str, Any], element: str, value: str | None) -> None:
    """A form field of the gateway's own making that carries the card number through the browser."""
    if value is not None and shows(value, pan):
        found = {**ids, "element": element}
        issuer.runtime.journal.record(issuer.runtime.clock.now(), "Browser", "ACS", "card number in clear", found)


def note_assertion(issuer: Issuer, asserted: Asserted, ids: Mapping[str, Any], kind: str = "passkey") -> None:
    """What the cardholder's browser made of being asked for a passkey, whoever brought it, or what a wallet answered."""
    told = {
        "outcome": asserted.outcome.value,
        "accepted": asserted.verdict is Verdict.CORRECT,
        "words": redact_card_numbers(asserted.words),
    }
    issuer.runtime.journal.record(issuer.runtime.clock.now(), "Browser", "ACS", kind, {**ids, **told})


def note_answer(issuer: Issuer, given: Answer, verdict: Mapping[str, Any]) -> None:
    """`verdict`: what came of it."""
    document = {"acsTransID": given.acs_trans_id, "action": given.action.value, "challengeValue": given.value}
    now = issuer.runtime.clock.now()
    issuer.runtime.journal.record(now, "Browser", "ACS", "challenge page", document, facts=verdict)


def verdict_on(challenge: Challenge | None, ending: Ending | None) -> dict[str, Any]:
    """What came of an answer: how the challenge ended, or what its next page says, with how many tries are left."""
    if ending is not None or challenge is None:
        return {} if ending is None else {"ending": ending.value}
    return {"notice": challenge.notice, "tries_left": challenge.tries_left}


def _values(request: WireRequest, name: str) -> list[str]:
    """Every value of a field that may stand several times; what is no form has none."""
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return []
    return [value for field, value in pairs if field == name]
