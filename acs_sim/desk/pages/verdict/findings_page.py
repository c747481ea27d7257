"""`/findings`: the verdict on the gateway, for people."""

from collections.abc import Iterable
from typing import Final

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.findings import all_findings
from acs_sim.desk.pages.console import page_of
from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.model import Finding, Severity
from threedsecure.web.wire import WireRequest, WireResponse

MOST_SHOWN: Final = 200


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    """Errors and warnings; with `?good=yes` what is good too."""
    good = request.query.get("good") == "yes"
    found = await all_findings(desk, Severity.GOOD if good else Severity.WARNING)
    return await page_of(
        desk,
        "findings.html",
        "/findings",
        found=_by_transaction(found[:MOST_SHOWN]),
        left_out=max(0, len(found) - MOST_SHOWN),
        good=good,
        judged=sum(rule.severity is not Severity.GOOD for rule in ALL_RULES),
    )


def _by_transaction(found: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """In the order of the worst of each transaction."""
    grouped: dict[str, list[Finding]] = {}
    for finding in found:
        grouped.setdefault(finding.transaction_id, []).append(finding)
    return list(grouped.items())
