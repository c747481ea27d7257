"""`/api/rules`: which messages are answered otherwise than the card says."""

from typing import Annotated

import msgspec
from msgspec import Meta

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import Rule, RuleOutcome, Rules, RulesLeft, RuleWish
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.web.wire import Problem


@call("GET", "/api/rules", errors=(502,))
async def list_rules(desk: Desk) -> Rules:
    """The matching rules in force."""
    return Rules(await rules_in_force(desk))


@call("POST", "/api/rules", status=201, errors=(400, 409, 422, 502))
async def add_rule(desk: Desk, wish: RuleWish) -> Rule:
    """Answer messages that match otherwise than their card says."""
    return await make_rule(desk, wish)


@call("DELETE", "/api/rules", errors=(502,))
async def remove_rules(desk: Desk) -> RulesLeft:
    """Remove all matching rules."""
    await desk.parties.call("acs", "/control/rules/remove")
    return RulesLeft(0)


@call("DELETE", "/api/rules/{rule}", errors=(404, 502))
async def remove_rule(desk: Desk, rule: str) -> RulesLeft:
    """Remove one matching rule."""
    await desk.parties.call("acs", "/control/rules/remove", {"id": rule})
    return RulesLeft(len(await rules_in_force(desk)))


@call("GET", "/api/rules/misses", errors=(400, 404, 502))
async def show_misses(
    desk: Desk, transaction: Annotated[str, Meta(description="any id of the transaction; required")] = ""
) -> RuleOutcome:
    """Which rule a transaction followed, or which came nearest and why they were not followed."""
    if not transaction:
        raise Problem(400, "Bad Request", "transaction is missing: any id of the transaction")
    return await outcome_of(desk, transaction)


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
