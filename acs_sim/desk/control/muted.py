"""`/api/findings/muted`: rules that a gateway is known not to hold, and why. What they find is told nowhere until it is wanted.

They are about the gateway and not about what happened, so a reset leaves them. They last as long as the simulator runs."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import MutedRule, MutedRules
from acs_sim.findings.engine import RULE_NAMES
from threedsecure.web.sharing.processes import Shared
from threedsecure.web.wire import Problem

TOPIC: Final = "muted findings"
Reasons = Mapping[str, str]


@call("GET", "/api/findings/muted")
async def list_muted(desk: Desk) -> MutedRules:
    """The rules that are muted, each with its reason."""
    return _document(desk)


@call("POST", "/api/findings/muted", status=201, errors=(400,))
async def mute_rule(desk: Desk, wish: MutedRule) -> MutedRules:
    """Have what a rule finds told nowhere, for a reason that others will read."""
    await mute(desk, wish)
    return _document(desk)


@call("DELETE", "/api/findings/muted/{rule}", errors=(404,))
async def unmute_rule(desk: Desk, rule: str) -> MutedRules:
    """Have what a rule finds told again."""
    await unmute(desk, rule)
    return _document(desk)


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


def _document(desk: Desk) -> MutedRules:
    return MutedRules([MutedRule(rule, reason) for rule, reason in desk.log.muted.items()])


async def _change(desk: Desk, by: Callable[[Reasons], Reasons]) -> None:
    shared = desk.runtime.shared
    if shared.worker is None:
        desk.log.mute(by(desk.log.muted))
    else:
        await shared.change(TOPIC, lambda kept: dict(by(kept or {})))


async def share_muted(desk: Desk, shared: Shared) -> None:
    """Have the desks of all processes mute the same, from now on."""

    async def follow(_content: Any) -> None:
        desk.log.mute(await shared.shared(TOPIC) or {})

    shared.on(TOPIC, follow)
    await follow(None)
