"""The verdict on the gateway: `/api/transactions/{id}/findings`, `…/outcome`, `/api/findings`; and what is not to be told again.

A rule is muted for a reason. That is about the gateway and not about what happened, so a reset leaves it; it lasts as long as the
simulator runs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import (
    FindingDocument,
    FindingDocuments,
    MutedRule,
    MutedRules,
    OutcomeWish,
    Transaction,
)
from acs_sim.desk.log.verdicts import judge
from acs_sim.desk.transactions.list import find_transaction
from acs_sim.findings.engine import RULE_NAMES, convicted, of_all, of_transaction
from acs_sim.findings.model import Finding, Severity
from acs_sim.findings.reports import ctrf, junit
from threedsecure.web.sharing.processes import Shared
from threedsecure.web.wire import Problem, WireResponse

Mildest = Annotated[
    Literal["error", "warning", "advice", "good"],
    Meta(description="the mildest that is told: error, warning (when left out), advice or good"),
]
NEWEST: Final = 2000
"""Messages that the verdict over all transactions looks at."""
MUTED: Final = "muted findings"
XML: Final = "application/xml; charset=utf-8"


@call("GET", "/api/transactions/{id}/findings", errors=(400, 404, 502))
async def show_findings(desk: Desk, id_: str, severity: Mildest = "warning") -> FindingDocuments:
    """What the gateway did wrong in this transaction, and with `?severity=good` what it did well."""
    return _document(await findings_of(desk, await find_transaction(desk, id_), Severity(severity)))


@call("POST", "/api/transactions/{id}/outcome", errors=(400, 404, 502))
async def take_outcome(desk: Desk, id_: str, wish: OutcomeWish) -> FindingDocuments:
    """Tell what your gateway did with the payment: what it went by cannot be seen from outside.

    It stands in the journal like a message, behind what the gateway had received by then."""
    one = await find_transaction(desk, id_)
    report_outcome(desk, one, wish)
    return _document(await findings_of(desk, one, Severity.WARNING))


def report_outcome(desk: Desk, one: Transaction, wish: OutcomeWish) -> None:
    told = {"outcome": wish.outcome} | ({"transStatus": wish.transStatus} if wish.transStatus else {})
    now = desk.runtime.clock.now()
    desk.runtime.journal.record(now, "3DS Server", "Shop", "outcome", told, transaction_id=one.id)


@call("GET", "/api/findings", errors=(400,), answer=(FindingDocuments,))
async def list_findings(
    desk: Desk,
    severity: Mildest = "warning",
    rule: Annotated[str | None, Meta(description="only what this rule found")] = None,
    format_: Annotated[
        Literal["json", "junit", "ctrf"], Meta(description="json (when left out), junit or ctrf")
    ] = "json",
) -> FindingDocuments | WireResponse:
    """The verdict on the gateway, over the newest transactions and between them."""
    if rule is not None and rule not in RULE_NAMES:
        raise Problem(400, "Bad Request", f"rule is one of {', '.join(RULE_NAMES)}")
    found = [one for one in await all_findings(desk, Severity(severity)) if rule in (None, one.rule.name)]
    if format_ == "json":
        return _document(found)
    if format_ == "junit":
        return WireResponse(200, junit(found), XML)
    return WireResponse(200, ctrf(found, desk.runtime.clock.now()))


@call("GET", "/api/findings/muted")
async def list_muted(desk: Desk) -> MutedRules:
    """The rules that are muted, each with its reason."""
    return _muted(desk)


@call("POST", "/api/findings/muted", status=201, errors=(400,))
async def mute_rule(desk: Desk, wish: MutedRule) -> MutedRules:
    """Have what a rule finds told nowhere, for a reason that others will read."""
    await mute(desk, wish)
    return _muted(desk)


@call("DELETE", "/api/findings/muted/{rule}", errors=(404,))
async def unmute_rule(desk: Desk, rule: str) -> MutedRules:
    """Have what a rule finds told again."""
    await unmute(desk, rule)
    return _muted(desk)


async def findings_of(desk: Desk, one: Transaction, mildest: Severity) -> list[Finding]:
    return await judged(desk, await desk.runtime.journal.entries_of(one.id), mildest)


async def judged(
    desk: Desk, entries: Sequence[Mapping[str, Any]], mildest: Severity = Severity.WARNING
) -> list[Finding]:
    """The findings of one transaction without those that are muted, beside the loop: a long one takes a while."""
    return _told(desk, await asyncio.to_thread(of_transaction, entries, mildest))


async def all_findings(desk: Desk, mildest: Severity) -> list[Finding]:
    """Over the transactions that the newest journal entries belong to, each of them whole; without those that are muted."""
    log, journal = desk.log, desk.runtime.journal

    async def trial() -> None:
        await log.catch_up(journal)
        await judge(log, journal, log.latest(NEWEST))

    await log.tried(trial)
    lines = log.latest(NEWEST)
    verdicts = [line.verdict for line in lines if line.verdict is not None]
    return _told(desk, await asyncio.to_thread(of_all, verdicts, mildest))


def _told(desk: Desk, found: Sequence[Finding]) -> list[Finding]:
    return [one for one in found if one.rule.name not in desk.log.muted]


def _document(found: Sequence[Finding]) -> FindingDocuments:
    told = [msgspec.convert(finding.document(), FindingDocument) for finding in found]
    return FindingDocuments("convicted" if convicted(found) else "acquitted", told)


async def mute(desk: Desk, wish: MutedRule) -> None:
    """Errors: `Problem` 400."""
    if wish.rule not in RULE_NAMES:
        raise Problem(400, "Bad Request", f"rule is one of {', '.join(RULE_NAMES)}")
    await _change(desk, lambda muted: {**muted, wish.rule: wish.reason})


async def unmute(desk: Desk, rule: str) -> None:
    """Errors: `Problem` 404."""
    if rule not in desk.log.muted:
        raise Problem(404, "Not Found", f"{rule[:40]!r} is not muted")
    await _change(desk, lambda muted: {name: reason for name, reason in muted.items() if name != rule})


def _muted(desk: Desk) -> MutedRules:
    return MutedRules([MutedRule(rule, reason) for rule, reason in desk.log.muted.items()])


async def _change(desk: Desk, by: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
    shared = desk.runtime.shared
    if shared.worker is None:
        desk.log.mute(by(desk.log.muted))
    else:
        await shared.change(MUTED, lambda kept: dict(by(kept or {})))


async def share_muted(desk: Desk, shared: Shared) -> None:
    """Have the desks of all processes mute the same, from now on."""

    async def follow(_content: Any) -> None:
        desk.log.mute(await shared.shared(MUTED) or {})

    shared.on(MUTED, follow)
    await follow(None)
