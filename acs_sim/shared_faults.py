"""The faults in force, one plan for all processes on one database.

A fault that is to happen once, or for the n-th time, is counted over all processes: whoever meets a message that fits tells the
others, so that only messages that cross at the same moment in two processes may both count as the next. Which card a transaction
belongs to is told sealed.
"""

from typing import Any, Final

import orjson

from threedsecure.faults import FaultRefused
from threedsecure.vault import SealBroken, Vault
from threedsecure.web.faults import ARMED, Faults
from threedsecure.web.shared import Shared

PLAN: Final = "faults"
MET: Final = "faults met"
KNOWN: Final = "faults known"


async def share_faults(faults: Faults, shared: Shared, vault: Vault) -> None:
    """Have `faults` follow the plan of the other processes, from now on."""
    if shared.worker is None:
        return

    async def follow(_content: Any) -> None:
        documents = await shared.shared(PLAN)
        if documents is not None:
            _put_in_force(faults, documents)

    async def met(identifiers: list[str] | None) -> None:
        for identifier in identifiers or ():
            faults.plan.met_elsewhere(identifier)

    async def learn(sealed: str | None) -> None:
        if sealed is not None:
            message, session = _opened(vault, sealed)
            faults.memory.learn(message, session=session)

    async def one_more(document: dict[str, Any] | None) -> None:
        if document is not None:
            _put_in_force(faults, [*faults.plan.documents(), document])

    shared.on(PLAN, follow)
    shared.on(ARMED, one_more)
    shared.on(MET, met)
    shared.on(KNOWN, learn)
    faults.on_met = lambda identifiers: shared.tell(MET, identifiers)
    faults.on_learned = lambda message, session: shared.tell(
        KNOWN, vault.seal(orjson.dumps([message, session]).decode())
    )
    await follow(None)


async def tell_database(faults: Faults, shared: Shared) -> None:
    """The other processes have the same faults in force from now on."""
    await shared.share(PLAN, faults.plan.documents())


def _put_in_force(faults: Faults, documents: list[dict[str, Any]]) -> None:
    if not documents:
        faults.clear()
        return
    try:
        faults.plan.replace(documents)
    except FaultRefused:
        return  # a release that knows other faults shares the database


def _opened(vault: Vault, sealed: str) -> tuple[dict[str, Any], str | None]:
    try:
        message, session = orjson.loads(vault.open(sealed))
    except SealBroken:
        return {}, None
    return message, session
