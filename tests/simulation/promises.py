"""What the simulator promises, whatever happens to it: the list that the simulation holds at every step and at the end of each run.
`docs/promises.md` is written from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from tests.simulation.evidence import OVER, Evidence
from tests.simulation.seen import OPEN, Purchase
from tests.simulation.story import CLASSIC, DIRECT

Holds = Callable[[Evidence], Iterator[str]]
MOST_CODES: Final = 3
BY_A_CODE: Final = frozenset({"challenge-otp", "challenge-password-otp"})


@dataclass(frozen=True, slots=True)
class Promise:
    """`words`: what is promised; `how`: against what it is held. `broken`: each case in which it does not hold, in words."""

    name: str
    words: str
    how: str
    broken: Holds


PROMISES: list[Promise] = []


def promise(name: str, words: str, how: str) -> Callable[[Holds], Holds]:
    def listed(broken: Holds) -> Holds:
        PROMISES.append(Promise(name, words, how, broken))
        return broken

    return listed


@promise(
    "one-result",
    "An authentication has at most one result, and everybody is told the same: RReq, CRes or PARes, the ARes where it is final, "
    "the ACS, the desk and the shop.",
    "all that was told to anybody, from the first second to the last, also by a process that died",
)
def one_result(found: Evidence) -> Iterator[str]:
    for purchase in found.purchases:
        told = [*purchase.told, *_by_rreq(found, purchase), *_told_at_the_end(found, purchase)]
        statuses = {status for who, status in told if who != "CRes"}
        if len(statuses) > 1:
            yield f"{purchase.name}: {told}"
        passed = {status == "Y" for who, status in told if who == "CRes"}
        if len(passed | {status in {"Y"} for status in statuses if status != "A"}) > 1:
            yield f"{purchase.name}: CRes and RReq differ: {told}"
        if len(set(purchase.outcomes)) > 1:
            yield f"{purchase.name}: the shop said {purchase.outcomes}"
    for name, bodies in found.world.seen.rreqs.items():
        if len(bodies) > 1:
            yield f"{len(bodies)} RReqs that differ came for {name}"


@promise(
    "told-survives",
    "What was answered is kept: an authentication that was answered is there with its result, at the ACS, at the directory server "
    "and at the desk, also after a crash in the middle of a commit.",
    "every ARes, RReq, CRes and PARes that arrived, once everything is over",
)
def told_survives(found: Evidence) -> Iterator[str]:
    for purchase in found.purchases:
        if purchase.buy.through == CLASSIC:
            row = found.classic.get(str(purchase.xid))
            if purchase.xid is not None and purchase.told and row is None:
                yield f"{purchase.name}: the ACS knows nothing of {purchase.xid}"
        elif purchase.acs_id is not None:
            if purchase.acs_id not in found.acs:
                yield f"{purchase.name}: the ACS knows nothing of {purchase.acs_id}"
            for where, rows in (("directory server", found.directory), ("desk", found.desk)):
                if purchase.acs_id not in rows:
                    yield f"{purchase.name}: the {where} knows nothing of {purchase.acs_id}"
        if purchase.told and not _told_at_the_end(found, purchase) and purchase.buy.version != "1.0.2":
            yield f"{purchase.name} was told {purchase.told}, and nobody knows a result"


@promise(
    "reported",
    "Every RReq is acknowledged, or given up once its time is over; then the challenge is over.",
    "the state of every authentication at the ACS when the clock has been moved by hours, and what the gateways got",
)
def reported(found: Evidence) -> Iterator[str]:
    received = {purchase.acs_id for purchase in found.purchases if purchase.buy.through == DIRECT}
    for name, row in found.acs.items():
        results = row["results"]
        if row["state"] not in OVER:
            yield f"{name} is {row['state']}: {results}"
        elif results is not None and results["acknowledged_at"] is None and results["given_up"] is None:
            yield f"the RReq of {name} is neither acknowledged nor given up: {results}"
        elif (
            results is not None
            and results["acknowledged_at"]
            and name in received
            and name not in found.world.seen.rreqs
        ):
            yield f"the RReq of {name} is acknowledged and never came"
        elif results is not None and results["given_up"] and name in received and not _may_be_given_up(found):
            yield f"the RReq of {name} was given up without need: {results}"


@promise(
    "three-codes",
    f"At most {MOST_CODES} codes are compared for one authentication, however many are typed at once.",
    "the answers to all that was typed: two may say that the code is wrong, the third one ends the challenge",
)
def three_codes(found: Evidence) -> Iterator[str]:
    for purchase in found.purchases:
        if len(purchase.wrong) >= MOST_CODES:
            yield f"{purchase.name}: {len(purchase.wrong)} codes were told to be wrong: {sorted(purchase.wrong)}"


@promise(
    "own-code",
    "Only the code that was sent for a purchase opens it, and an authentication that was not passed opens nothing.",
    "every Y of a card that is asked for a code: what was typed for it, and what was sent for it",
)
def own_code(found: Evidence) -> Iterator[str]:
    texts = found.world.seen.texts
    for purchase in found.purchases:
        if purchase.buy.card[1] not in BY_A_CODE:
            continue
        passed = any(status == "Y" for _, status in purchase.told)
        row = found.classic.get(str(purchase.xid)) if purchase.xid else None
        reference = row["acsTransID"] if row is not None else purchase.acs_id
        if passed and not texts.get(str(reference), set()) & purchase.submitted:
            yield f"{purchase.name} passed; typed {sorted(purchase.submitted)}, sent {sorted(texts.get(str(reference), ()))}"


@promise(
    "in-time",
    "Nothing waits for the cardholder past its deadline, and every purchase of the shop comes to its end.",
    "states and times at the ACS and at the shop, looked at on the way and at the end",
)
def in_time(found: Evidence) -> Iterator[str]:
    for name, row in found.classic.items():
        if row["state"] == "challenging":
            yield f"{name} is still challenging (1.0.2)"
    for name, row in found.shop.items():
        if row["state"] != "settled":
            yield f"the purchase {name} of the shop is {row['state']}"


@promise(
    "loops-alive",
    "No background work is dead: what could not be done because of the disk is done once it can be.",
    "`/readyz` of every party and the tasks of the process, after the last trouble",
)
def loops_alive(found: Evidence) -> Iterator[str]:
    yield from found.not_ready


@promise(
    "nothing-left",
    "When all is done no task, no stream and no row is left over, and the simulator stops in good order.",
    "the tasks of the process, what waits for the database, and the rows of every table once `--keep` is over",
)
def nothing_left(found: Evidence) -> Iterator[str]:
    yield from found.left


@promise(
    "nothing-in-clear",
    "No card number and no code is written or said in clear.",
    "every file of the data folder, the log and the journal",
)
def nothing_in_clear(found: Evidence) -> Iterator[str]:
    yield from found.in_clear


@promise(
    "journal-whole",
    "What arrived stands in the journal: the ARes that was answered, every RReq, and the RRes that acknowledged it.",
    "the journal, against what arrived",
)
def journal_whole(found: Evidence) -> Iterator[str]:
    for purchase in found.purchases:
        if purchase.buy.through != DIRECT or purchase.ares is None or purchase.server_id is None:
            continue
        hops = {(entry["kind"], entry["from"], entry["to"]) for entry in found.entries_of(purchase.server_id)}
        wanted = {("AReq", "3DS Server", "Directory Server"), ("ARes", "Directory Server", "3DS Server")}
        results = found.acs.get(str(purchase.acs_id), {}).get("results")
        if results is not None and results["acknowledged_at"] is not None:
            wanted |= {("RReq", "ACS", "Directory Server"), ("RRes", "Directory Server", "ACS")}
        if wanted - hops:
            yield f"{purchase.name}: {sorted(wanted - hops)} missing in the journal of {purchase.server_id}"


@promise(
    "no-bug",
    "Nothing that happens to the simulator is a bug of it: no request is answered 500, and no bug stands in the log.",
    "every answer, the log, and what the event loop was told",
)
def no_bug(found: Evidence) -> Iterator[str]:
    for event in found.world.logs:
        if event["level"] in {"error", "critical", "exception"}:
            yield str({name: value for name, value in event.items() if name != "level"})
    yield from found.world.loop.unheard


def broken(found: Evidence) -> list[tuple[str, str]]:
    """Every promise that did not hold, by name, with the words."""
    seen = list(found.world.seen.broken)
    return seen + [(each.name, words) for each in PROMISES for words in each.broken(found)]


def _told_at_the_end(found: Evidence, purchase: Purchase) -> list[tuple[str, str]]:
    if purchase.buy.through == CLASSIC:
        row = found.classic.get(str(purchase.xid), {})
        told = [("ACS at the end", row.get("status"))]
    else:
        row = found.acs.get(str(purchase.acs_id), {})
        shown = (found.desk.get(str(purchase.acs_id)) or {}).get("challenge") or {}
        told = [("ACS at the end", row.get("transStatus")), ("desk at the end", shown.get("transStatus"))]
    return [(who, status) for who, status in told if status not in OPEN]


def _by_rreq(found: Evidence, purchase: Purchase) -> list[tuple[str, str]]:
    if purchase.buy.through != DIRECT:
        return []
    bodies = found.world.seen.rreqs.get(str(purchase.acs_id), set())
    return [("RReq", orjson.loads(body)["transStatus"]) for body in sorted(bodies)]


def _may_be_given_up(found: Evidence) -> bool:
    """Whether somebody refused an RReq in this run, or was out of reach."""
    return bool(found.world.gateway.faults or found.world.network.faults)


__all__ = ["PROMISES", "Promise", "broken"]
