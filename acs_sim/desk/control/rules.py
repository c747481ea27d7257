"""`/api/rules`: which messages are answered otherwise than the card says."""

from typing import Final

import msgspec

from acs_sim.desk.api.calls import Desk, answered, known_query, read_body
from acs_sim.desk.api.documents import Rule, RuleOutcome, Rules, RulesLeft, RuleWish
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.web.wire import Problem, WireRequest, WireResponse

MISS_FILTERS: Final = (("transaction", "any id of the transaction; required"),)


async def list_rules(desk: Desk, _request: WireRequest) -> WireResponse:
    return answered(Rules(await rules_in_force(desk)))


async def add_rule(desk: Desk, request: WireRequest) -> WireResponse:
    return answered(await make_rule(desk, read_body(request, RuleWish)), 201)


async def remove_rule(desk: Desk, request: WireRequest) -> WireResponse:
    await desk.parties.call("acs", "/control/rules/remove", {"id": request.match["rule"]})
    return answered(RulesLeft(len(await rules_in_force(desk))))


async def remove_rules(desk: Desk, _request: WireRequest) -> WireResponse:
    await desk.parties.call("acs", "/control/rules/remove")
    return answered(RulesLeft(0))


async def show_misses(desk: Desk, request: WireRequest) -> WireResponse:
    wanted = known_query(request, tuple(name for name, _ in MISS_FILTERS)).get("transaction")
    if not wanted:
        raise Problem(400, "Bad Request", "transaction is missing: any id of the transaction")
    return answered(await outcome_of(desk, wanted))


async def outcome_of(desk: Desk, identifier: str) -> RuleOutcome:
    """Errors: `Problem` and `Refused` 404 for a transaction that is not known, or came before every rule."""
    transaction = await find_transaction(desk, identifier)
    found = await desk.parties.call("acs", "/control/rules/outcome", {"subjects": [transaction.id, identifier]})
    return msgspec.convert({"transaction": transaction.id, **found}, RuleOutcome)


async def rules_in_force(desk: Desk) -> list[Rule]:
    return msgspec.convert(await desk.parties.call("acs", "/control/rules/list"), Rules).rules


async def make_rule(desk: Desk, wish: RuleWish) -> Rule:
    """Errors: `Refused` with what is wrong with it."""
    return msgspec.convert(await desk.parties.call("acs", "/control/rules", msgspec.to_builtins(wish)), Rule)
