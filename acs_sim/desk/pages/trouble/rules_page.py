"""`/rules`: the matching rules for people. Works without scripts."""

from typing import Any, Final

import msgspec

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Rule, RuleWish, Transaction
from acs_sim.desk.control.rules import make_rule, outcome_of, rules_in_force
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.rules import described
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

EXAMPLE: Final = """\
{
  "name": "dear books",
  "if": {"merchant": {"like": "Librairie*"}, "amount": {"at_least": 10000}},
  "then": {"scenario": "challenge-otp"},
  "once": false
}"""


async def rules(desk: Desk, request: WireRequest) -> WireResponse:
    asked = request.query.get("transaction", "").strip()
    if not asked:
        return await _page(desk)
    try:
        outcome, text = await outcome_of(desk, asked), _like(await find_transaction(desk, asked))
    except (Problem, Refused) as error:
        return await _page(desk, asked=asked, problem=error.detail)
    return await _page(desk, text=text, asked=asked, outcome=outcome)


async def change_rules(desk: Desk, request: WireRequest) -> WireResponse:
    """Make the rule in the field, or remove one, or all."""
    form = read_form(request)
    if "remove" in form:
        named = {"id": form["remove"]} if form["remove"] else {}
        await desk.parties.call("acs", "/control/rules/remove", named)
        return see_other("/rules")
    text = form.get("rule", "")
    try:
        await make_rule(desk, msgspec.json.decode(text, type=RuleWish))
    except Refused as refusal:
        return await _page(desk, text=text, refused=refusal.detail)
    except (msgspec.DecodeError, RecursionError) as error:
        return await _page(desk, text=text, refused=str(error))
    return see_other("/rules")


def _like(one: Transaction) -> str:
    """A rule for payments like this one."""
    amount = {"amount": int(one.amount)} if one.amount and one.amount.isdecimal() else {}
    condition = {**({"merchant": one.merchant} if one.merchant else {}), **amount}
    rule = {"if": condition, "then": {"scenario": "challenge-otp"}, "once": False}
    return msgspec.json.format(msgspec.json.encode(rule)).decode()


async def _page(desk: Desk, *, text: str = EXAMPLE, refused: str = "", **asked: Any) -> WireResponse:
    listed = [(rule, _conditions(rule), _deed(rule)) for rule in await rules_in_force(desk)]
    told = {"asked": "", "outcome": None, "problem": "", **asked}
    return await page_of(
        desk, "rules.html", "/faults", 422 if refused else 200, rules=listed, text=text, refused=refused, **told
    )


def _conditions(rule: Rule) -> list[str]:
    """Each condition in words."""
    words = [f"{name} {_words(value)}" for name, value in rule.condition.items() if name not in ("message", "headers")]
    headers = rule.condition.get("headers")
    words += [f"header {name} {_words(value)}" for name, value in (headers or {}).items()]
    return [str(rule.condition.get("message", "AReq")), *words]


def _words(value: Any) -> str:
    return described(value, hides=True)


def _deed(rule: Rule) -> str:
    return ", ".join(str(value) if name == "scenario" else f"{name} {value}" for name, value in rule.then.items())
