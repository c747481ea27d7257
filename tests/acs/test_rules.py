"""Matching rules at the ACS: what they make of a card, who comes first, and what is kept of it."""

import asyncio

import pytest

from tests.acs.stage import OTP, stage
from tests.support.engine import on_both_engines, written
from tests.support.simulator import runtime

pytestmark = on_both_engines

FRICTIONLESS = "4000000000000002"
DEAR = {"name": "dear books", "if": {"amount": {"at_least": 10000}}, "then": {"scenario": "challenge-otp"}}


async def outcome(acs, ares):
    return (await acs.control("rules/outcome", {"subjects": [ares["threeDSServerTransID"]]}))[1]


async def test_a_rule_takes_the_place_of_the_cards_scenario_where_it_matches(acs):
    status, made = await acs.control("rules", DEAR)
    assert (status, {**DEAR, "id": made["id"]}) == (201, made)
    dear = await acs.ask(FRICTIONLESS, purchaseAmount="25000")
    cheap = await acs.ask(FRICTIONLESS)
    assert (dear["transStatus"], cheap["transStatus"]) == ("C", "Y")
    assert (await outcome(acs, dear))["rule"] == {"id": made["id"], "name": "dear books"}
    assert await outcome(acs, cheap) == {
        "message": "AReq",
        "rule": None,
        "misses": [
            {
                "id": made["id"],
                "name": "dear books",
                "met": 0,
                "missed": [{"what": "amount", "wanted": "at least 10000", "found": "4200"}],
            }
        ],
    }


async def test_queued_once_comes_before_a_rule_and_a_rule_before_the_card(acs):
    await acs.control("cards", {"pan": FRICTIONLESS, "scenario": "frictionless-attempt"})
    await acs.control("rules", {"if": {"pan": FRICTIONLESS}, "then": {"scenario": "rejected"}})
    await acs.control("rules", {"then": {"scenario": "unavailable"}, "once": True})
    answers = [(await acs.ask(FRICTIONLESS))["transStatus"] for _ in range(3)]
    await acs.control("rules/remove")
    assert [*answers, (await acs.ask(FRICTIONLESS))["transStatus"]] == ["U", "R", "R", "A"]


async def test_a_rule_that_holds_once_is_used_once_however_many_ask_at_the_same_time(acs):
    await acs.control("rules", {"then": {"scenario": "rejected"}, "once": True})
    answers = await asyncio.gather(*(acs.ask(FRICTIONLESS) for _ in range(8)))
    assert sorted(answer["transStatus"] for answer in answers) == ["R", *"YYYYYYY"]
    assert (await acs.control("rules/list"))[1] == {"rules": []}


async def test_a_header_of_the_request_chooses(acs):
    await acs.control("rules", {"if": {"headers": {"X-Run": "7"}}, "then": {"scenario": "rejected"}})
    message = acs.areq(FRICTIONLESS)
    async with acs.browser.post(acs.url + "/3ds2/areq", json=message, headers={"X-Run": "7"}) as answer:
        assert (await answer.json(content_type=None))["transStatus"] == "R"
    assert (await acs.ask(FRICTIONLESS))["transStatus"] == "Y"


async def test_then_can_say_all_that_a_minted_card_can(acs):
    then = {"scenario": "challenge-otp", "phone": "+9995550", "tries": 1, "language": "fr", "reason": "06"}
    await acs.control("rules", {"then": then})
    page = await acs.challenge(FRICTIONLESS)
    assert (acs.phone.messages[-1]["to"], '<html lang="fr"' in page.text) == ("+9995550", True)
    await acs.type(page, acs.phone.wrong_code)
    assert acs.directory.rreqs[0]["interactionCounter"] == "01"
    assert acs.directory.rreqs[0]["transStatusReason"] == "06"


async def test_what_the_network_does_to_a_text_comes_with_the_number_of_the_phone(acs):
    await acs.control("rules", {"then": {"scenario": "sms-lost"}})
    await acs.challenge(OTP)
    assert acs.phone.messages[-1]["to"].startswith("+33639989")


async def test_a_number_that_no_test_card_has_can_be_a_card_by_rule(acs):
    assert (await acs.ask("9900000000000018"))["messageType"] == "Erro"
    await acs.control("rules", {"if": {"pan": "9900000000000018"}, "then": {"scenario": "frictionless"}})
    assert (await acs.ask("9900000000000018"))["transStatus"] == "Y"


async def test_a_rule_has_a_fault_happen_to_the_transaction_that_matches_and_to_no_other(acs):
    fault = {"at": "ARes", "from": "ACS", "do": "set", "element": "eci", "value": "99"}
    await acs.control("rules", {"if": {"amount": 4242}, "then": {"fault": fault}})
    answers = [await acs.ask(FRICTIONLESS, purchaseAmount=amount) for amount in ("4242", "4200", "4242")]
    assert [(answer["transStatus"], answer["eci"]) for answer in answers] == [("Y", "99"), ("Y", "05"), ("Y", "99")]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "then: a rule says in then what happens"),
        ({"then": {"scenario": "challenge-opt"}}, "then.scenario: no scenario is called 'challenge-opt'"),
        ({"then": {"scenario": "acs-down"}}, "decided by the card's range"),
        ({"then": {"scenario": "not-enrolled"}}, "decided by the card's range"),
        ({"then": {"scenario": "page-error"}}, "no scenario is called 'page-error'"),
        ({"then": {"fault": {"at": "ARes", "do": "explode"}}}, "then.fault: there is no fault 'explode'"),
        ({"then": {"fault": {"at": "ARes", "do": "erro", "card": FRICTIONLESS}}}, "no card, no transaction"),
        ({"then": {"fault": {"at": "ARes", "do": "erro"}, "tries": 1}}, "then: tries belongs to a scenario"),
        ({"then": {"scheme": "visa"}}, "then names a scenario, a service that decides, what is told, or a fault"),
        ({"then": {"scenario": "frictionless", "scheme": "diners"}}, "there is no scheme 'diners'"),
        ({"then": {"scenario": "challenge-otp", "transStatus": "N"}}, "challenge-otp decides that by itself"),
        ({"then": {"scenario": "frictionless", "tries": 0}}, "then: Expected `int` >= 1"),
        ({"then": {"scenario": "frictionless", "trise": 1}}, "unknown field `trise`"),
        ({"if": {"amuont": 1}, "then": {"scenario": "frictionless"}}, "if.amuont: AReq has no element 'amuont'"),
    ],
)
async def test_a_rule_that_cannot_be_followed_is_refused(acs, rule, words):
    status, problem = await acs.control("rules", rule)
    assert (status, words in problem["detail"]) == (422, True), problem
    assert (await acs.control("rules/list"))[1] == {"rules": []}


async def test_a_rule_is_removed_and_everything_is_forgotten_at_a_reset(acs):
    first = (await acs.control("rules", DEAR))[1]
    await acs.control("rules", DEAR)
    ares = await acs.ask(FRICTIONLESS)
    assert (await acs.control("rules/remove", {"id": first["id"]}))[0] == 200
    assert (await acs.control("rules/remove", {"id": first["id"]}))[0] == 404
    assert len((await acs.control("rules/list"))[1]["rules"]) == 1
    await acs.control("reset")
    assert (await acs.control("rules/list"))[1] == {"rules": []}
    assert (await outcome(acs, ares))["status"] == 404


async def test_a_reset_does_not_touch_what_came_of_nothing(acs):
    ares = await acs.ask(FRICTIONLESS)
    assert (await outcome(acs, ares))["detail"] == "there was no rule when this message came"
    assert (await acs.control("rules/outcome", {"subjects": "x"}))[0] == 400
    assert (await acs.control("rules/remove", {"id": "\0é"}))[0] == 404


async def test_rules_survive_a_restart_and_no_card_number_stands_in_the_database(tmp_path):
    async with runtime(data=tmp_path) as shared:
        async with stage(shared=shared) as acs:
            await acs.control("rules", {"if": {"pan": FRICTIONLESS}, "then": {"scenario": "rejected"}})
        async with stage(shared=shared) as acs:
            assert (await acs.ask(FRICTIONLESS))["transStatus"] == "R"
            await acs.ask(OTP)
    kept = written(tmp_path)
    assert b"acs_rule" in kept
    assert FRICTIONLESS.encode() not in kept
    assert OTP.encode() not in kept


async def test_a_rule_has_the_bank_say_more_where_the_version_has_it(acs):
    words = {"cardholderInfo": {"text": "Call us."}, "transStatusReasonInfo": "too many today"}
    await acs.control("rules", {"if": {"pan": FRICTIONLESS}, "then": {"tells": words}})
    latest, before = [await acs.ask(FRICTIONLESS, version) for version in ("2.3.1", "2.1.0")]
    assert {name: latest.get(name) for name in words} == words
    assert "transStatusReasonInfo" not in before
    status, refused = await acs.control("rules", {"then": {"tells": {"transStatus": "N"}}})
    assert (status, "broadInfo" in refused["detail"]) == (422, True)
