"""When a conditional element must be there. A condition reads the message - or, for an element inside an object, that object -
and the context. It is always defined: an element of a wrong type or value reads as absent."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from msgspec import Struct

from threedsecure.v2.grammar.context import PA, Context, Leg

Holds: TypeAlias = Callable[[Mapping[str, Any], Context], bool]


class Condition(Struct, frozen=True):
    """`words` say when the element must be there, `clause` where the specification says so. A condition that a receiver cannot
    know from the messages (`enforced` is False) never makes an absent element a fault. `beside`: the element whose presence it
    is."""

    name: str
    words: str
    clause: str
    holds: Holds
    enforced: bool = True
    beside: str = ""


def condition(words: str, clause: str = "Annex A, table A.1") -> Callable[[Holds], Condition]:
    return lambda holds: Condition(holds.__name__, words, clause, holds)


def _unknowable(name: str, words: str) -> Condition:
    return Condition(name, words, "Annex A, table A.1", lambda found, context: False, enforced=False)


def text(found: Mapping[str, Any] | None, name: str) -> str:
    """The string at `name`, "" when there is none."""
    value = found.get(name) if found is not None else None
    return value if isinstance(value, str) else ""


def texts(found: Mapping[str, Any] | None, name: str) -> tuple[str, ...]:
    """The strings at `name`, of which 2.3.1 may have several where earlier versions have one."""
    value = found.get(name) if found is not None else None
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str))
    return (value,) if isinstance(value, str) else ()


def objects(found: Mapping[str, Any] | None, name: str) -> tuple[Mapping[str, Any], ...]:
    """The objects at `name`, of which 2.3.1 may have several where earlier versions have one."""
    value = found.get(name) if found is not None else None
    items = value if isinstance(value, list) else [value]
    return tuple([item for item in items if isinstance(item, dict)])


# What a receiver cannot know.

directory_server_requires: Final = _unknowable("directory_server_requires", "the DS requires it")
unless_law_forbids: Final = _unknowable("unless_law_forbids", "market or regional law does not forbid it")
if_available: Final = _unknowable("if_available", "the sender has it and no law forbids it")
market_requires: Final = _unknowable(
    "market_requires", "the market requires it (Brazil: the cardholder picks the account)"
)
owner_requires: Final = _unknowable("owner_requires", "the owner of the extension or the DS requires it")
method_run_reused: Final = _unknowable(
    "method_run_reused", "an earlier 3DS Method run of less than ten minutes ago is reused"
)
page_can_run_spc: Final = _unknowable("page_can_run_spc", "the requestor's page can run Secure Payment Confirmation")
spc_incomplete: Final = _unknowable("spc_incomplete", "this is the second AReq of an SPC flow that did not complete")
verified_by_directory_server: Final = _unknowable(
    "verified_by_directory_server", "the DS verified the requestor's data"
)
holds_device_key: Final = _unknowable("holds_device_key", "the DS could decrypt sdkEncData")
has_end_date: Final = _unknowable("has_end_date", "the recurring payments have an end")
pan_was_token: Final = _unknowable("pan_was_token", "the card number was obtained from a payment token")
several_sellers: Final = _unknowable("several_sellers", "multiTransaction refers to several sellers")
known_to_sender: Final = _unknowable("known_to_sender", "it is known to the sender")
app_declared_url: Final = _unknowable("app_declared_url", "the requestor's app declared a URL")
ranges_are_supplied: Final = _unknowable(
    "ranges_are_supplied", "card ranges are supplied and the DS supports increments"
)
ranges_changed: Final = _unknowable("ranges_changed", "ranges changed since serialNum and no file URL is given")
file_can_be_fetched: Final = _unknowable("file_can_be_fetched", "the 3DS Server can fetch the ranges as a file")
file_is_served: Final = _unknowable("file_is_served", "cardRangeDataDownloadInd was Y and the DS serves a file")
refresh_page: Final = _unknowable("refresh_page", "an HTML page for an out-of-band step needs a second page")
extensions_supported: Final = _unknowable("extensions_supported", "the ACS supports message extensions")


@cache
def answered(words: str) -> Condition:
    """What the cardholder did on the page before, which a single CReq does not tell."""
    return _unknowable("answered", words)


# What one element says of another.


@cache
def present(name: str) -> Condition:
    return Condition(
        f"{name}_present",
        f"{name} is present",
        "Annex A, table A.1",
        lambda found, context: _given(found.get(name)),
        beside=name,
    )


@cache
def equal(name: str, *values: str) -> Condition:
    wanted = frozenset(values)
    return Condition(
        f"{name}_is_{'_or_'.join(values)}",
        f"{name} is {' or '.join(values)}",
        "Annex A, table A.1",
        lambda found, context: text(found, name) in wanted,
    )


def _given(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


@condition("this is the leg from the DS, which adds it")
def added_by_directory_server(found: Mapping[str, Any], context: Context) -> bool:
    return context.leg is Leg.DS_TO_ACS


@condition("browserJavascriptEnabled is true (always in 2.1.0)")
def browser_runs_javascript(found: Mapping[str, Any], context: Context) -> bool:
    return found.get("browserJavascriptEnabled") is True


@condition("threeDSRequestorDecReqInd is Y (2.3.1: Y, F or B)")
def decoupled_requested(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "threeDSRequestorDecReqInd") in ("Y", "F", "B")


@condition("threeRIInd is 19, or this is the second AReq of an SPC flow")
def follows_earlier_transaction(found: Mapping[str, Any], context: Context) -> bool:
    if text(found, "threeRIInd") == "19" or "spcIncompInd" in found:
        return True
    infos = objects(found, "threeDSRequestorAuthenticationInfo")
    return any(text(info, "threeDSReqAuthMethod") == "09" for info in infos)


@condition("payTokenInd is true")
def pays_with_token(found: Mapping[str, Any], context: Context) -> bool:
    return found.get("payTokenInd") is True


@condition("threeDSRequestorAuthenticationInd is 03, or (2.2.0 on) threeRIInd is 02")
def pays_in_instalments(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "threeDSRequestorAuthenticationInd") == "03" or (
        context.version != "2.1.0" and text(found, "threeRIInd") == "02"
    )


_PURCHASE_IND = {"2.1.0": ("02", "03"), "2.2.0": ("02", "03"), "2.3.1": ("02", "03", "07", "08", "09")}
_PURCHASE_THREE_RI = {
    "2.1.0": (),
    "2.2.0": ("01", "02", "06", "07", "08", "09", "11"),
    "2.3.1": ("01", "02", "06", "07", "08", "09", "11", "15"),
}


@condition(
    "non-payment: threeDSRequestorAuthenticationInd is 02 or 03 (2.3.1: also 07, 08, 09), or threeRIInd (2.2.0 on) is "
    "01, 02, 06, 07, 08, 09 or 11 (2.3.1: also 15)"
)
def purchase_expected(found: Mapping[str, Any], context: Context) -> bool:
    return (
        text(found, "threeDSRequestorAuthenticationInd") in _PURCHASE_IND[context.version]
        or text(found, "threeRIInd") in _PURCHASE_THREE_RI[context.version]
    )


def _recurs(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "threeDSRequestorAuthenticationInd") in ("02", "03") or (
        context.version != "2.1.0" and text(found, "threeRIInd") in ("01", "02")
    )


@condition("threeDSRequestorAuthenticationInd is 02 or 03, or (2.2.0 on) threeRIInd is 01 or 02")
def recurring(found: Mapping[str, Any], context: Context) -> bool:
    return _recurs(found, context)


@condition(
    "threeDSRequestorAuthenticationInd is 02 or 03, or (2.2.0) threeRIInd is 01 or 02; 2.3.1: the payments have an end, which "
    "only the sender knows"
)
def recurring_with_end(found: Mapping[str, Any], context: Context) -> bool:
    return context.version != "2.3.1" and _recurs(found, context)


@condition(
    "threeDSRequestorAuthenticationInd is 02 or 03, or (2.2.0) threeRIInd is 01 or 02; 2.3.1: recurringInd.frequencyInd is 01"
)
def recurring_at_fixed_frequency(found: Mapping[str, Any], context: Context) -> bool:
    return fixed_frequency.holds(found, context) if context.version == "2.3.1" else _recurs(found, context)


@condition("recurringInd.frequencyInd is 01")
def fixed_frequency(found: Mapping[str, Any], context: Context) -> bool:
    return any(text(each, "frequencyInd") == "01" for each in objects(found, "recurringInd"))


@condition(
    "the payment recurs (threeDSRequestorAuthenticationInd 02, 03 or threeRIInd 01, 02) and recurringInd.amountInd is 01"
)
def recurring_with_fixed_amount(found: Mapping[str, Any], context: Context) -> bool:
    return _recurs(found, context) and any(text(each, "amountInd") == "01" for each in objects(found, "recurringInd"))


# Results.


@condition("transStatus is C (2.2.0 on: C or D)")
def challenged(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "transStatus") in (("C",) if context.version == "2.1.0" else ("C", "D"))


@condition("payment, and transStatus is Y or A; otherwise as the DS defines")
def proof_expected(found: Mapping[str, Any], context: Context) -> bool:
    return context.message_category == PA and text(found, "transStatus") in ("Y", "A")


@condition("payment, and transStatus is N, U or R; otherwise as the DS defines")
def reason_expected(found: Mapping[str, Any], context: Context) -> bool:
    return context.message_category == PA and text(found, "transStatus") in ("N", "U", "R")


@condition("the authentication was not decoupled (acsDecConInd of the ARes is not Y)")
def not_decoupled(found: Mapping[str, Any], context: Context) -> bool:
    if context.response is not None:
        return text(context.response, "acsDecConInd") != "Y"
    return not _looks_decoupled(found, context)


def _looks_decoupled(found: Mapping[str, Any], context: Context) -> bool:
    """Without the ARes: what the RReq itself and the AReq tell."""
    return (
        text(context.request, "threeDSRequestorDecReqInd") in ("Y", "B")
        or text(found, "authenticationType") == "04"
        or text(found, "challengeCancel") == "03"
        or "12" in texts(found, "authenticationMethod")
    )


@condition("transStatusReason is 14 (timed out at the ACS); otherwise when the challenge was cancelled or failed")
def challenge_timed_out(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "transStatusReason") == "14"


# Challenge pages of an app (section 4.2, user interface templates).


@condition("this is the final CRes (always for a browser)")
def final(found: Mapping[str, Any], context: Context) -> bool:
    return context.device_channel != "01" or text(found, "challengeCompletionInd") == "Y"


@condition("this is not the final CRes")
def not_final(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "challengeCompletionInd") == "N"


@condition("acsUiType is 01, 02, 03, 04 or 07")
def shows_words(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "acsUiType") in ("01", "02", "03", "04", "07")


@condition("acsUiType is 02 or 03 (before 2.3.1: 01, 02 or 03)")
def shows_label(found: Mapping[str, Any], context: Context) -> bool:
    labelled = ("02", "03") if context.version == "2.3.1" else ("01", "02", "03")
    return text(found, "acsUiType") in labelled


@condition("acsUiType is 04 (2.3.1: and oobAppLabel is absent)")
def continues_out_of_band(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "acsUiType") == "04" and not (context.version == "2.3.1" and _given(found.get("oobAppLabel")))


@condition("acsUiType is 04 and oobAppURL is present")
def opens_app(found: Mapping[str, Any], context: Context) -> bool:
    return text(found, "acsUiType") == "04" and _given(found.get("oobAppURL"))


@condition("neither payeeName nor payeeOrigin is there: one of them must be")
def payee_unnamed(found: Mapping[str, Any], context: Context) -> bool:
    return not _given(found.get("payeeName")) and not _given(found.get("payeeOrigin"))


# Operation messages.


@condition("the sender is a 3DS Server")
def sent_by_three_ds_server(found: Mapping[str, Any], context: Context) -> bool:
    return context.leg is Leg.THREE_DS_SERVER_TO_DS


@condition("the sender is an ACS")
def sent_by_acs(found: Mapping[str, Any], context: Context) -> bool:
    return context.leg is Leg.ACS_TO_DS
