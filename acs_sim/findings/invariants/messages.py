"""What holds of every message of a gateway, whatever is asked of it and whatever it is sent. No fault suspends these rules."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote, unquote_plus

from acs_sim.findings.case import CARRIAGE, DIRECTORY_SERVER, FAILURES, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule
from acs_sim.findings.observed import Observed

AS_ASKED: Final = ("messageVersion", "purchaseAmount", "purchaseCurrency", "purchaseExponent", "cardExpiryDate")
WORDS: Final = ("cardholderName", "email", "billAddrCity")
"""Elements that a gateway may shorten or spell in its own way, and not spoil."""
TOLERANCE: Final = timedelta(minutes=10)
ANSWERS: Final = frozenset({"RRes", "Erro"})


@rule(
    "purchase-changed",
    Severity.ERROR,
    "The AReq is about another purchase than was asked for",
    clause="EMV 3-D Secure, Annex A, messageVersion, purchaseAmount, purchaseCurrency, purchaseExponent, cardExpiryDate, "
    "cardholderName, email, billAddrCity",
    mistake="Every currency is taken to have two digits behind the point; an amount wraps round, or was a floating-point number; "
    "one version for all; names are escaped for a page, or in the wrong encoding.",
    remedy="Carry amounts as whole numbers of the smallest unit, take the exponent from ISO 4217, and write texts as UTF-8 in "
    "JSON, escaped for nothing else.",
    convicts="amount, currency, exponent, version or date of expiry that is not the one asked for; a name, e-mail address or city "
    "that is escaped for HTML, an address or SQL, or decoded wrongly or twice",
    acquits="an element that the play itself left out or broke; a text that is shortened or in capital letters",
)
def purchase_changed(seen: Observed) -> Iterator[Evidence]:
    for areq in seen.case.areqs:
        for name in (*AS_ASKED, *WORDS):
            wanted, found = seen.asked.get(name), areq.text(name)
            if not isinstance(wanted, str) or name not in areq.message or found == wanted:
                continue
            if name in AS_ASKED or _spoilt(wanted, found):
                yield areq.shows(name, found, wanted)


def _spoilt(wanted: str, found: str) -> bool:
    """Whether `found` is `wanted` written for another place than JSON, read in another encoding, or decoded once more."""
    read = {
        html.unescape(found),
        unquote(found),
        unquote_plus(found),
        found.replace("\\", ""),
        found.replace("''", "'"),
    }
    for encoding in ("latin-1", "cp1252"):
        read.add(found.encode(encoding, "ignore").decode("utf-8", "ignore"))
    again = {html.unescape(wanted), unquote(wanted), unquote_plus(wanted)} - {wanted}
    unknown = re.sub(r"[\ufffd?]+", "", found) != found and "?" not in wanted
    return wanted in read or found in again or unknown


@rule(
    "purchase-dated",
    Severity.ERROR,
    "purchaseDate is not the time of the purchase in UTC",
    clause="EMV 3-D Secure, Annex A, purchaseDate: date and time of the authentication in UTC",
    mistake="The time of the server's or the shop's own zone, or the day alone.",
    remedy="Take the time in UTC, when the AReq is written.",
    convicts="a purchaseDate that is more than ten minutes from the simulator's time and from the wall clock's",
    acquits="either of the two clocks; a purchaseDate that the play itself asked for",
)
def purchase_dated(seen: Observed) -> Iterator[Evidence]:
    for areq in seen.case.areqs:
        said = _instant(areq.text("purchaseDate"))
        if said is None or seen.wall is None or "purchaseDate" in seen.asked:
            continue
        if all(abs(said - clock) > TOLERANCE for clock in (areq.instant, seen.wall)):
            yield areq.shows("purchaseDate", areq.text("purchaseDate"), areq.instant.strftime("%Y%m%d%H%M%S"))


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


@rule(
    "result-ignored",
    Severity.ERROR,
    "An RReq that is wrong was answered with nothing",
    clause="EMV 3-D Secure, RReq/RRes: the 3DS Server answers every RReq, a wrong one with an Erro",
    mistake="What fails a check is logged and dropped, or answered with an HTTP status alone.",
    remedy="Answer with an Erro that names the element; 301 where the transaction is unknown.",
    convicts="neither RRes nor Erro for an RReq that arrived whole",
    acquits="an RReq that a fault lost, held back or made unreadable; an Erro in the place of an RReq",
)
def result_ignored(seen: Observed) -> Iterator[Evidence]:
    for rreq in seen.case.rreqs:
        after = seen.case.answer_to(rreq) if _came_whole(seen.case, rreq) else None
        if after is None or (after.sender != DIRECTORY_SERVER and after.kind in ANSWERS):
            continue
        found = f"{after.kind}: {after.message.get('reason')}" if after.kind in FAILURES else f"HTTP {after.status}"
        yield rreq.shows("messageType", found, "an RRes or an Erro")


def _came_whole(case: Case, rreq: Entry) -> bool:
    """Whether faults changed at most what an RReq says, and not how it or its answer came."""
    faults = [*case.faults_behind(rreq)]
    changed = all(isinstance(fault.message.get("sent"), dict) for fault in faults)
    carried = not any(fault.text("do") in CARRIAGE for fault in faults)
    return (
        bool(faults)
        and changed
        and carried
        and case.as_sent(rreq).text("messageType") == "RReq"
        and not case.disturbed("RRes")
    )
