"""`/readiness`: whether a gateway is ready to go live, judged by what crossed the hops."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.findings import NEWEST
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.findings.case import Case
from acs_sim.findings.engine import of_all, verdict_on
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
    journal = desk.runtime.journal
    await desk.log.catch_up(journal)
    paid = [(await journal.entries_of(line.name), line.scenario) for line in desk.log.latest(NEWEST)]
    asked, own = request.query.get("gateway", ""), desk.addresses.shop
    chosen, gateways, readiness = await asyncio.to_thread(_judged, paid, asked, own)
    return {
        "gateways": gateways,
        "gateway": chosen,
        "own": desk.addresses.shop,
        "readiness": readiness,
        "tones": TONES,
        "verdict_tones": VERDICT_TONES,
    }


def _judged(
    paid: Sequence[tuple[Sequence[Mapping[str, Any]], str]], asked: str, own: str
) -> tuple[str, list[str], Readiness]:
    """Which gateway is judged, which ones there are, and how it stands, by the entries of payments and what their cards do. Unless
    one is asked for, it is the newest that is not the reference gateway."""
    cases = [(Case(entries), entries, scenario) for entries, scenario in paid if entries]
    gateways = list(dict.fromkeys(name for case, _, _ in reversed(cases) if (name := gateway_of(case))))
    others = [name for name in gateways if name != own]
    chosen = asked if asked in gateways else (others or gateways or [""])[0]
    mine = [one for one in cases if gateway_of(one[0]) == chosen]
    found: dict[str, list[Found]] = {}
    for one in of_all([verdict_on(entries) for _, entries, _ in mine]):
        told = Found(one.rule.name, one.severity, f"{one.rule.title} ({one.rule.name})")
        found.setdefault(one.transaction_id, []).append(told)
    seen = [Seen(case, scenario, found.get(case.transaction_id, ())) for case, _, scenario in mine]
    return chosen, gateways, judge(seen)
