"""Rules between elements, and between a message and the AReq and ARes of its transaction.

A rule runs when one of its triggers is in the message, and yields what it finds. Like a condition it is always defined: elements of
a wrong type or value read as absent. Where the request or response is not known, what depends on it is not judged."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias

from msgspec import Struct

from threedsecure.v2.app.extensions import BRIDGING, DEVICE_ACKNOWLEDGEMENT
from threedsecure.v2.errors import ErrorCode, Stage, Violation
from threedsecure.v2.grammar.conditions import objects, text, texts
from threedsecure.v2.grammar.context import NPA, PA, SUPPORTED_VERSIONS, THREE_RI, Context

Message: TypeAlias = Mapping[str, Any]
Find: TypeAlias = Callable[[Message, Context], Iterator[Violation]]

RECOGNISED_EXTENSIONS: Final = frozenset({BRIDGING, DEVICE_ACKNOWLEDGEMENT})


class Rule(Struct, frozen=True):
    """`find` yields the violations; `messages` and `versions` say where it applies, and it runs when a trigger is present."""

    name: str
    messages: tuple[str, ...]
    triggers: tuple[str, ...]
    find: Find
    versions: tuple[str, ...] = SUPPORTED_VERSIONS

    def concerns(self, message: Message) -> bool:
        for trigger in self.triggers:  # noqa: SIM110 - a loop costs a third of what any() with a generator does
            if trigger in message:
                return True
        return False

    @property
    def words(self) -> str:
        return " ".join((self.find.__doc__ or "").split())


RULES: Final[list[Rule]] = []


def rule(
    *messages: str, triggers: tuple[str, ...], versions: tuple[str, ...] = SUPPORTED_VERSIONS
) -> Callable[[Find], Find]:
    def register(find: Find) -> Find:
        RULES.append(Rule(find.__name__, messages, triggers, find, versions))
        return find

    return register


def _wrong(element: str, found: str, allowed: str, clause: str) -> Violation:
    return Violation(ErrorCode.FORMAT_INVALID, element, found, allowed, clause, Stage.RULE)


ANY: Final = ("AReq", "ARes", "CReq", "CRes", "RReq", "RRes", "PReq", "PRes", "OReq", "ORes")
RESULTS: Final = ("ARes", "RReq")
SINCE_220: Final = ("2.2.0", "2.3.1")
_STATUS_CLAUSE: Final = "Annex A, transStatus"


# All messages.


@rule(*ANY, triggers=("messageExtension",))
def critical_extensions_are_recognised(message: Message, context: Context) -> Iterator[Violation]:
    """An extension whose criticalityIndicator is true has an id that the receiver knows; others pass unread."""
    for index, extension in enumerate(objects(message, "messageExtension")):
        critical = extension.get("criticalityIndicator") is True and text(extension, "id")
        if critical and critical not in RECOGNISED_EXTENSIONS:
            yield Violation(
                ErrorCode.CRITICAL_EXTENSION_NOT_RECOGNISED,
                f"messageExtension[{index}].id",
                critical,
                f"for a critical extension: {', '.join(sorted(RECOGNISED_EXTENSIONS))}",
                "Annex A, message extension attributes",
                Stage.EXTENSION,
            )


@rule("ARes", "CReq", "CRes", "RReq", "RRes", triggers=("messageVersion",))
def version_stays_the_same(message: Message, context: Context) -> Iterator[Violation]:
    """messageVersion is that of the AReq in the whole transaction."""
    expected = text(context.request, "messageVersion")
    found = text(message, "messageVersion")
    if expected and found != expected:
        yield _wrong("messageVersion", found, f"{expected}, as in the AReq", "Annex A, messageVersion")


_IDS: Final = ("threeDSServerTransID", "dsTransID", "sdkTransID")


@rule("ARes", "CReq", "CRes", "RReq", "RRes", triggers=_IDS)
def ids_are_those_of_the_request(message: Message, context: Context) -> Iterator[Violation]:
    """The transaction ids are those of the AReq, and acsTransID is that of the ARes."""
    for source, kind, names in (
        (context.request, "AReq", _IDS),
        (context.response, "ARes", ("acsTransID", "dsTransID")),
    ):
        for name in names if source is not None else ():
            expected, found = text(source, name), text(message, name)
            if expected and found and expected.lower() != found.lower():
                yield Violation(
                    ErrorCode.TRANSACTION_ID_NOT_RECOGNISED,
                    name,
                    found,
                    f"{expected}, as in the {kind}",
                    f"Annex A, {name}",
                    Stage.IDS,
                )


@rule("RReq", triggers=("messageCategory",))
def category_stays_the_same(message: Message, context: Context) -> Iterator[Violation]:
    """messageCategory is that of the AReq."""
    expected, found = text(context.request, "messageCategory"), text(message, "messageCategory")
    if expected and found and found != expected:
        yield _wrong("messageCategory", found, f"{expected}, as in the AReq", "Annex A, messageCategory")


# AReq.


@rule("AReq", triggers=("threeRIInd", "deviceChannel"), versions=("2.1.0",))
def three_ri_is_no_payment(message: Message, context: Context) -> Iterator[Violation]:
    """In 2.1.0 a 3RI authentication (deviceChannel 03) is a non-payment one."""
    if context.device_channel == THREE_RI and text(message, "messageCategory") == PA:
        yield _wrong("messageCategory", PA, f"{NPA} with deviceChannel 03 in 2.1.0", "Annex A, messageCategory")


@rule("AReq", triggers=("multiTransaction",), versions=("2.3.1",))
def sellers_of_a_list_are_described(message: Message, context: Context) -> Iterator[Violation]:
    """A merchantList of multiTransaction names sellers of sellerInfo alone."""
    described = {text(seller, "sellerId") for seller in objects(message, "sellerInfo")}
    listed = message.get("multiTransaction")
    for index, merchant in enumerate(objects(listed, "merchantList") if isinstance(listed, Mapping) else ()):
        if (seller := text(merchant, "sellerId")) and seller not in described:
            element = f"multiTransaction.merchantList[{index}].sellerId"
            yield _wrong(element, seller, "a sellerId of sellerInfo", "AReq, multiTransaction")


@rule("AReq", "ARes", "RReq", triggers=("whiteListStatusSource", "trustListStatusSource"), versions=SINCE_220)
def status_source_needs_status(message: Message, context: Context) -> Iterator[Violation]:
    """A source of the trust list status stands with the status (whiteListStatus in 2.2.0, trustListStatus in 2.3.1)."""
    status = "whiteListStatus" if context.version == "2.2.0" else "trustListStatus"
    if f"{status}Source" in message and status not in message:
        yield _wrong(
            f"{status}Source", text(message, f"{status}Source"), f"absent without {status}", f"Annex A, {status}Source"
        )


@rule("AReq", triggers=("deviceRenderOptions",))
def html_templates_need_an_html_interface(message: Message, context: Context) -> Iterator[Violation]:
    """sdkUiType 05 and 06 are HTML: sdkInterface is then 02 or 03."""
    for options in objects(message, "deviceRenderOptions"):
        html = [template for template in texts(options, "sdkUiType") if template in ("05", "06")]
        if html and text(options, "sdkInterface") == "01":
            yield _wrong(
                "deviceRenderOptions.sdkUiType",
                ", ".join(html),
                "01-04 (07) with sdkInterface 01",
                "Annex A, deviceRenderOptions",
            )


# ARes.


@rule("ARes", triggers=("transStatus",))
def challenge_is_possible(message: Message, context: Context) -> Iterator[Violation]:
    """transStatus C is not for 3RI, and not when threeDSRequestorChallengeInd asked for data share only (06)."""
    if text(message, "transStatus") != "C":
        return
    if context.device_channel == THREE_RI:
        yield _wrong("transStatus", "C", "no challenge with deviceChannel 03", _STATUS_CLAUSE)
    if "06" in texts(context.request, "threeDSRequestorChallengeInd"):
        yield _wrong("transStatus", "C", "no challenge with threeDSRequestorChallengeInd 06", _STATUS_CLAUSE)


@rule("ARes", triggers=("transStatus",), versions=SINCE_220)
def decoupled_is_asked_for_and_announced(message: Message, context: Context) -> Iterator[Violation]:
    """transStatus D answers threeDSRequestorDecReqInd Y (2.3.1: Y or B), with acsDecConInd Y and the method "decoupled"."""
    if text(message, "transStatus") != "D":
        return
    asked = text(context.request, "threeDSRequestorDecReqInd")
    if context.request is not None and asked not in ("Y", "B"):
        yield _wrong("transStatus", "D", "only when threeDSRequestorDecReqInd is Y (2.3.1: Y or B)", _STATUS_CLAUSE)
    if text(message, "acsDecConInd") == "N":
        yield _wrong("acsDecConInd", "N", "Y with transStatus D", "Annex A, acsDecConInd")
    if context.version == "2.2.0" and text(message, "authenticationType") not in ("", "04"):
        yield _wrong(
            "authenticationType",
            text(message, "authenticationType"),
            "04 with transStatus D",
            "Annex A, authenticationType",
        )
    methods = texts(message, "authenticationMethod")
    if context.version == "2.3.1" and methods and "12" not in methods:
        yield _wrong(
            "authenticationMethod",
            ", ".join(methods),
            "12 among them with transStatus D",
            "Annex A, authenticationMethod",
        )


@rule("ARes", triggers=("transStatus",), versions=SINCE_220)
def information_only_is_asked_for(message: Message, context: Context) -> Iterator[Violation]:
    """transStatus I answers threeDSRequestorChallengeInd 05, 06, 07 or a value of the DS (80-99)."""
    if text(message, "transStatus") == "I" and context.request is not None:
        asked = texts(context.request, "threeDSRequestorChallengeInd")
        if not any(value in ("05", "06", "07") or "80" <= value <= "99" for value in asked):
            yield _wrong(
                "transStatus", "I", "only when threeDSRequestorChallengeInd is 05, 06, 07 or 80-99", _STATUS_CLAUSE
            )


@rule("ARes", triggers=("transStatus",), versions=("2.3.1",))
def payment_confirmation_is_supported(message: Message, context: Context) -> Iterator[Violation]:
    """transStatus S answers threeDSRequestorSpcSupport Y."""
    supported = context.request is None or text(context.request, "threeDSRequestorSpcSupport") == "Y"
    if text(message, "transStatus") == "S" and not supported:
        yield _wrong("transStatus", "S", "only when threeDSRequestorSpcSupport is Y", _STATUS_CLAUSE)


@rule(*RESULTS, triggers=("transStatusReason",))
def reason_needs_status(message: Message, context: Context) -> Iterator[Violation]:
    """transStatusReason stands with transStatus."""
    if "transStatus" not in message:
        yield Violation(
            ErrorCode.REQUIRED_ELEMENT_MISSING,
            "transStatus",
            "absent",
            "required with transStatusReason",
            _STATUS_CLAUSE,
            Stage.PRESENCE,
        )


@rule(*RESULTS, triggers=("acsRenderingType",))
def rendering_is_one_the_sdk_offers(message: Message, context: Context) -> Iterator[Violation]:
    """acsRenderingType: templates 05 and 06 need the HTML interface, and both values are inside deviceRenderOptions."""
    for rendering in objects(message, "acsRenderingType"):
        interface, template = text(rendering, "acsInterface"), text(rendering, "acsUiTemplate")
        if interface == "01" and template in ("05", "06"):
            yield _wrong(
                "acsRenderingType.acsUiTemplate",
                template,
                "01-04 (07) with acsInterface 01",
                "Annex A, acsRenderingType",
            )
        for options in objects(context.request, "deviceRenderOptions"):
            offered = text(options, "sdkInterface")
            if interface and offered not in ("03", "", interface):
                yield _wrong(
                    "acsRenderingType.acsInterface",
                    interface,
                    f"{offered}, as the SDK offers",
                    "Annex A, acsRenderingType",
                )
            templates = texts(options, "sdkUiType")
            if template and templates and template not in templates:
                yield _wrong(
                    "acsRenderingType.acsUiTemplate",
                    template,
                    f"one that the SDK offers: {', '.join(templates)}",
                    "Annex A, acsRenderingType",
                )


# RReq and the final CRes.


@rule("RReq", "CRes", triggers=("transStatus",), versions=("2.3.1",))
def decoupled_fallback_is_asked_for(message: Message, context: Context) -> Iterator[Violation]:
    """transStatus D after a challenge answers threeDSRequestorDecReqInd F or B."""
    asked = context.request is None or text(context.request, "threeDSRequestorDecReqInd") in ("F", "B")
    if text(message, "transStatus") == "D" and not asked:
        yield _wrong("transStatus", "D", "only when threeDSRequestorDecReqInd is F or B", _STATUS_CLAUSE)


@rule("RReq", triggers=("challengeCancel",))
def timeout_is_told_as_one(message: Message, context: Context) -> Iterator[Violation]:
    """transStatusReason 14 (timed out) stands with challengeCancel 04 or 05, or 08 where the SDK timed out."""
    cancelled = text(message, "challengeCancel")
    if text(message, "transStatusReason") == "14" and cancelled not in ("04", "05", "08"):
        yield _wrong("challengeCancel", cancelled, "04, 05 or 08 with transStatusReason 14", "Annex A, challengeCancel")


@rule("RReq", triggers=("authenticationType", "authenticationMethod"), versions=SINCE_220)
def decoupled_result_says_so(message: Message, context: Context) -> Iterator[Violation]:
    """After transStatus D in the ARes, authenticationType is 04."""
    given = text(message, "authenticationType")
    if text(context.response, "transStatus") == "D" and context.version == "2.2.0" and given not in ("", "04"):
        yield _wrong("authenticationType", given, "04 after a decoupled challenge", "Annex A, authenticationType")


# CReq.

_ENTRIES: Final = (
    "challengeDataEntry",
    "challengeHTMLDataEntry",
    "challengeCancel",
    "resendChallenge",
    "challengeNoEntry",
    "oobContinue",
    "challengeAddCode",
    "infoContinueIndicator",
)


_WITH_NO_ENTRY: Final = frozenset({"resendChallenge", "oobContinue"})


@rule("CReq", triggers=_ENTRIES)
def one_answer_at_a_time(message: Message, context: Context) -> Iterator[Violation]:
    """A CReq of an app carries at most one of: data entry, HTML data entry, cancel, resend, no entry, continue,
    additional choice. A shipping SDK says challengeNoEntry beside resend and continue as well; that is passed."""
    given = [name for name in _ENTRIES if message.get(name) not in (None, "", "N", False)]
    if "challengeNoEntry" in given and not _WITH_NO_ENTRY.isdisjoint(given):
        given.remove("challengeNoEntry")
    if len(given) > 1:
        for name in given:
            yield _wrong(
                name,
                "together with " + ", ".join(other for other in given if other != name),
                "one of them",
                "Annex B, CReq",
            )


# PRes.


@rule("PRes", triggers=("cardRangeData",))
def ranges_run_upwards(message: Message, context: Context) -> Iterator[Violation]:
    """A card range ends where it starts or later, at the same length."""
    for path, start, end, _action in _ranges(message):
        if start and end and (len(start) != len(end) or end < start):
            yield _wrong(path, end, "as long as the start and not below it", "Annex A, card range data")


@rule("PRes", triggers=("cardRangeData",), versions=("2.3.1",))
def ranges_do_not_overlap(message: Message, context: Context) -> Iterator[Violation]:
    """The ranges that a PRes adds do not overlap."""
    added = sorted((len(start), start, end, path) for path, start, end, action in _ranges(message) if action == "A")
    for (length, _, end, _), (next_length, start, _, path) in pairwise(added):
        if length == next_length and start <= end:
            yield Violation(
                ErrorCode.CARD_RANGE_OVERLAP,
                path,
                f"starts at {start}",
                f"above {end}",
                "Annex A, card range data",
                Stage.RULE,
            )


def _ranges(message: Message) -> Iterator[tuple[str, str, str, str]]:
    """Path, start, end and action of every range, in the form of any version."""
    for index, entry in enumerate(objects(message, "cardRangeData")):
        action = text(entry, "actionInd") or "A"
        if "ranges" not in entry:
            yield f"cardRangeData[{index}].endRange", text(entry, "startRange"), text(entry, "endRange"), action
        for place, inner in enumerate(objects(entry, "ranges")):
            yield f"cardRangeData[{index}].ranges[{place}].end", text(inner, "start"), text(inner, "end"), action


# OReq.


@rule("OReq", triggers=("opSeq",))
def sequence_number_is_within_total(message: Message, context: Context) -> Iterator[Violation]:
    """opSeq.seqNum is not above opSeq.seqTotal."""
    for sequence in objects(message, "opSeq"):
        number, total = text(sequence, "seqNum"), text(sequence, "seqTotal")
        if number and total and number > total:
            yield _wrong("opSeq.seqNum", number, f"at most {total}, the seqTotal", "Annex A, opSeq")
