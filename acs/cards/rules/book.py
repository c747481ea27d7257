"""The rules in force: a message is held against them, and what came of that is kept."""

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final

from acs.cards.rules.storage import RuleStorage
from acs.cards.rules.then import fault_of, over, read_then
from threedsecure.cards.other_cards import OtherCards
from threedsecure.faults import FaultRefused
from threedsecure.rules import NearMiss, Rule, Seen, choose, nearest, parse
from threedsecure.web.serving.service import Runtime
from threedsecure.web.straight import soon

NEAREST: Final = 3

Document = dict[str, Any]


class Rulebook:
    """The rules stand in the issuer's database, so that all of its processes follow the same ones. `others`: what cards of other
    systems do where no rule says otherwise."""

    def __init__(self, runtime: Runtime, others: OtherCards) -> None:
        self._others = others or None
        self._randomness = runtime.randomness
        self._faults = runtime.faults
        self._storage = RuleStorage(runtime.open_database, runtime.vault, runtime.shared)

    def opened(self) -> AbstractAsyncContextManager[None]:
        return self._storage.opened()

    def consult(self, seen: Seen, subject: str) -> Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None:
        """The `then` of the rule to follow, None without one. `subject`: the name under which the outcome is kept. Straight where
        it is known that there is none."""
        if not self._storage.has_none:
            return self._consult(seen, subject)
        return None if self._others is None else self._of_another_system(seen, subject)

    def _of_another_system(self, seen: Seen, subject: str) -> Mapping[str, Any] | Awaitable[Mapping[str, Any]] | None:
        then = self._told_of(seen)
        return then if then is None or "fault" not in then else self._armed(then, subject)

    def _told_of(self, seen: Seen) -> Mapping[str, Any] | None:
        """What the card of another system does by itself."""
        others, message = self._others, seen.message
        return others and others.then(message.get("acctNumber"), message.get("cardholderName"))

    async def _consult(self, seen: Seen, subject: str) -> Mapping[str, Any] | None:
        rules = await self._storage.rules()
        while (chosen := choose(rules, seen)) is not None:
            name, rule = chosen
            if not rule.once or await self._storage.use_up(name):
                await self._storage.note(subject, {"message": seen.kind, "rule": _named(name, rule), "misses": []})
                return await self._armed(over(self._told_of(seen), rule.then), subject)
            rules = [each for each in rules if each[0] != name]  # somebody else has just used it up
        if rules:
            misses = [_miss(name, near) for name, near in nearest(rules, seen, NEAREST)]
            await self._storage.note(subject, {"message": seen.kind, "rule": None, "misses": misses})
        return await soon(self._of_another_system(seen, subject))

    async def _armed(self, then: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """What is to happen, with what is to go wrong with the transaction."""
        if "fault" in then:
            with suppress(FaultRefused):  # too many are in force: the card still does what it says
                await self._faults.arm_everywhere([fault_of(then["fault"], subject)])
        return then

    async def add(self, document: Mapping[str, Any]) -> Document | None:
        """The rule as it is kept; None when there are too many. Errors: `RuleError`."""
        read_then(parse(document))
        name = self._randomness.uuid()
        return {"id": name, **document} if await self._storage.add(name, document) else None

    async def rules(self) -> list[Document]:
        return [{"id": name, **document} for name, document in await self._storage.documents()]

    async def remove(self, name: str) -> bool:
        return await self._storage.remove(name)

    async def remove_all(self) -> None:
        await self._storage.remove_all()

    async def outcome(self, subject: str) -> Document | None:
        return await self._storage.outcome(subject)

    async def forget(self) -> None:
        await self._storage.forget()


def _named(name: str, rule: Rule) -> Document:
    return {"id": name, "name": rule.name}


def _miss(name: str, near: NearMiss) -> Document:
    missed = [{"what": each.what, "wanted": each.wanted, "found": each.found} for each in near.missed]
    return {**_named(name, near.rule), "met": near.met, "missed": missed}
