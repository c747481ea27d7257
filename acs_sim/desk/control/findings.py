"""The verdict on the gateway: `/api/transactions/{id}/findings`, `…/outcome`, `/api/findings`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from acs_sim.desk.api.calls import Desk, answered, known_query, read_body
from acs_sim.desk.api.documents import FindingDocument, FindingDocuments, OutcomeWish, Transaction
from acs_sim.desk.transactions.list import entries_of, find_transaction
from acs_sim.findings.engine import ALL_RULES, convicted, of_all, of_transaction
from acs_sim.findings.model import Finding, Severity
from acs_sim.findings.reports import junit
from threedsecure.web.wire import Problem, WireRequest, WireResponse

FINDING_FILTERS: Final = (("severity", "the mildest that is told: error, warning (when left out) or good"),)
ALL_FILTERS: Final = (
    *FINDING_FILTERS,
    ("rule", "only what this rule found"),
    ("format", "json (when left out) or junit"),
)
NEWEST: Final = 2000
"""Journal entries that the verdict over all transactions reads."""
BEGINNINGS: Final = frozenset({"3DS Method", "AReq", "PReq", "VEReq", "CRReq", "Payment form"})
"""What a transaction begins with: where something else comes first, its beginning is older than what was read."""
FORMATS: Final = ("json", "junit")
XML: Final = "application/xml; charset=utf-8"
RULE_NAMES: Final = tuple(rule.name for rule in ALL_RULES)


async def show_findings(desk: Desk, request: WireRequest) -> WireResponse:
    mildest = _severity(known_query(request, ("severity",)))
    one = await find_transaction(desk, request.match["id"])
    return _document(await findings_of(desk, one, mildest))


async def take_outcome(desk: Desk, request: WireRequest) -> WireResponse:
    """Stands in the journal like a message, behind what the gateway had received by then."""
    wish = read_body(request, OutcomeWish)
    one = await find_transaction(desk, request.match["id"])
    told = {"outcome": wish.outcome} | ({"transStatus": wish.transStatus} if wish.transStatus else {})
    now = desk.runtime.clock.now()
    desk.runtime.journal.record(now, "3DS Server", "Shop", "outcome", told, transaction_id=one.id)
    return _document(await findings_of(desk, one, Severity.WARNING))


async def list_findings(desk: Desk, request: WireRequest) -> WireResponse:
    wanted = known_query(request, tuple(name for name, _ in ALL_FILTERS))
    found = await all_findings(desk, _severity(wanted))
    name = _choice(wanted, "rule", RULE_NAMES, "")
    found = [finding for finding in found if name in ("", finding.rule.name)]
    if _choice(wanted, "format", FORMATS, "json") == "junit":
        return WireResponse(200, junit(found), XML)
    return _document(found)


async def findings_of(desk: Desk, one: Transaction, mildest: Severity) -> list[Finding]:
    return await judged(await entries_of(desk, one), mildest)


async def judged(entries: Sequence[Mapping[str, Any]], mildest: Severity = Severity.WARNING) -> list[Finding]:
    """The findings of one transaction, beside the loop: a long one takes a while."""
    return await asyncio.to_thread(of_transaction, entries, mildest)


async def all_findings(desk: Desk, mildest: Severity) -> list[Finding]:
    """Over the transactions that the newest journal entries belong to, each of them whole."""
    entries = await desk.runtime.journal.newest(NEWEST)
    transactions: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        transactions.setdefault(entry["transaction_id"], []).append(entry)
    if len(entries) == NEWEST:
        for transaction_id in _cut(transactions):
            transactions[transaction_id] = await desk.runtime.journal.entries_of(transaction_id)
    return await asyncio.to_thread(of_all, [*transactions.values()], mildest)


def _cut(transactions: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    return [name for name, entries in transactions.items() if name and entries[0]["kind"] not in BEGINNINGS]


def _severity(wanted: Mapping[str, str]) -> Severity:
    return Severity(_choice(wanted, "severity", tuple(Severity), Severity.WARNING))


def _choice(wanted: Mapping[str, str], name: str, choices: Sequence[str], default: str) -> str:
    """Errors: `Problem` 400 that names the parameter."""
    chosen = wanted.get(name, default)
    if chosen != default and chosen not in choices:
        raise Problem(400, "Bad Request", f"{name} is one of {', '.join(choices)}")
    return chosen


def _document(found: Sequence[Finding]) -> WireResponse:
    told = [msgspec.convert(finding.document(), FindingDocument) for finding in found]
    return answered(FindingDocuments("convicted" if convicted(found) else "acquitted", told))
