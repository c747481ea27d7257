"""`/findings`: the verdict on the gateway, for people: by rule and by transaction, as it follows."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import MutedRule
from acs_sim.desk.control.findings import all_findings, mute, unmute
from acs_sim.desk.pages.console import one_of, page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.findings.engine import ALL_RULES, RULE_NAMES
from acs_sim.findings.model import Finding, Rule, Severity
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

MOST_SHOWN: Final = 200
JUDGED: Final = sum(rule.severity is not Severity.GOOD for rule in ALL_RULES)


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    """Errors and warnings; with `?good=yes` what is good too, with `?rule=…` what one rule found."""
    return await page_of(desk, "findings.html", "/findings", **await _found(desk, request))


async def told(desk: Desk, request: WireRequest) -> WireResponse:
    """What of the page follows."""
    return shown("findings_told.html", at=desk.addresses, **await _found(desk, request))


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """`mute` (a rule) with its `reason`, or `unmute`."""
    form = read_form(request)
    if "unmute" in form:
        await unmute(desk, form["unmute"])
    else:
        try:
            wish = msgspec.convert({"rule": form.get("mute", ""), "reason": form.get("reason", "").strip()}, MutedRule)
        except msgspec.ValidationError as error:
            raise Problem(400, "Bad Request", f"a rule is muted for a reason: {error}") from error
        await mute(desk, wish)
    return see_other("/findings")


async def _found(desk: Desk, request: WireRequest) -> dict[str, Any]:
    good = request.query.get("good") == "yes"
    rule = one_of(request.query.get("rule"), RULE_NAMES, "")
    found = await all_findings(desk, Severity.GOOD if good else Severity.WARNING)
    wanted = [one for one in found if rule in ("", one.rule.name)]
    return {
        "rules": _by_rule(found),
        "found": _by_transaction(wanted[:MOST_SHOWN]),
        "left_out": max(0, len(wanted) - MOST_SHOWN),
        "good": good,
        "rule": rule,
        "live": f"/findings/told?{urlencode({**({'good': 'yes'} if good else {}), **({'rule': rule} if rule else {})})}",
        "muted": desk.log.muted,
        "judged": JUDGED,
    }


def _by_rule(found: Iterable[Finding]) -> list[tuple[Rule[Any], int]]:
    """How many transactions each was found in, the worst first."""
    counted: dict[str, tuple[Rule[Any], int]] = {}
    for finding in found:
        counted[finding.rule.name] = finding.rule, counted.get(finding.rule.name, (None, 0))[1] + 1
    return list(counted.values())


def _by_transaction(found: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """In the order of the worst of each transaction."""
    grouped: dict[str, list[Finding]] = {}
    for finding in found:
        grouped.setdefault(finding.transaction_id, []).append(finding)
    return list(grouped.items())
