"""`/readiness`: whether a gateway is ready to go live, judged by what crossed the hops."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.findings import newest_entries
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.findings.case import Case
from acs_sim.findings.engine import of_all
from acs_sim.findings.model import Severity
from acs_sim.findings.readiness import Found, Readiness, Seen, Status, Verdict, gateway_of, judge
from threedsecure.web.wire import WireRequest, WireResponse

TONES = {Status.PASSED: "good", Status.RISK: "wait", Status.FAILED: "bad", Status.UNSEEN: ""}
VERDICT_TONES = {Verdict.READY: "good", Verdict.RISKS: "wait", Verdict.NOT_READY: "bad"}


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    return await page_of(desk, "readiness.html", "/readiness", **await _shown(desk, request))


async def judged(desk: Desk, request: WireRequest) -> WireResponse:
    """The part of the page that follows."""
    return shown("readiness_rows.html", at=desk.addresses, **await _shown(desk, request))


async def _shown(desk: Desk, request: WireRequest) -> dict[str, Any]:
    await desk.log.catch_up(desk.runtime.journal)
    transactions = [entries for name, entries in (await newest_entries(desk)).items() if name]
    scenarios = {name: line.scenario for entries in transactions if (line := desk.log.find(name := _name(entries)))}
    chosen, gateways, readiness = await asyncio.to_thread(
        _judged, transactions, scenarios, request.query.get("gateway", ""), desk.addresses.shop
    )
    return {
        "gateways": gateways,
        "gateway": chosen,
        "own": desk.addresses.shop,
        "readiness": readiness,
        "tones": TONES,
        "verdict_tones": VERDICT_TONES,
    }


def _judged(
    transactions: Sequence[Sequence[Mapping[str, Any]]], scenarios: Mapping[str, str], asked: str, own: str
) -> tuple[str, list[str], Readiness]:
    """Which gateway is judged, which ones there are, and how it stands. Unless one is asked for, it is the newest that is not the
    reference gateway."""
    cases = [Case(entries) for entries in transactions]
    gateways = list(dict.fromkeys(name for case in reversed(cases) if (name := gateway_of(case))))
    others = [name for name in gateways if name != own]
    chosen = asked if asked in gateways else (others or gateways or [""])[0]
    mine = [(case, one) for case, one in zip(cases, transactions, strict=True) if gateway_of(case) == chosen]
    found: dict[str, list[Found]] = {}
    for one in of_all([entries for _, entries in mine], Severity.WARNING):
        told = Found(one.rule.name, one.severity, f"{one.rule.title} ({one.rule.name})")
        found.setdefault(one.transaction_id, []).append(told)
    seen = [
        Seen(case, scenarios.get(name, ""), found.get(name, ())) for case, _ in mine if (name := case.transaction_id)
    ]
    return chosen, gateways, judge(seen)


def _name(entries: Sequence[Mapping[str, Any]]) -> str:
    return str(entries[0]["transaction_id"])
