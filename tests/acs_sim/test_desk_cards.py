"""`/api/cards` and `/api/scenarios`."""

import pytest

from threedsecure.cards.card_numbers import luhn_valid


async def test_every_scenario_of_a_scheme_has_a_listed_card(call):
    status, document, _ = await call("GET", "/api/cards?scheme=visa")
    assert status == 200
    otp = next(card for card in document["cards"] if card["scenario"] == "challenge-otp")
    assert otp == {
        "pan": "4000000001000001",
        "expiry": "2912",
        "scheme": "visa",
        "scenario": "challenge-otp",
        "versions": ["2.1.0", "2.2.0", "2.3.1"],
        "phone": "+33639981101",
        "description": "SecureCode by SMS: three tries, two resends, five minutes",
    }
    assert {card["scheme"] for card in document["cards"]} == {"visa"}


async def test_filters_narrow_the_list_together(call):
    _, document, _ = await call("GET", "/api/cards?scheme=amex&scenario=rejected&version=2.1.0")
    assert [card["pan"] for card in document["cards"]] == ["340000000040005"]


@pytest.mark.parametrize("query", ["scheme=vise", "scenario=otp", "colour=red"])
async def test_a_filter_that_means_nothing_is_refused_with_those_that_do(call, query):
    status, problem, headers = await call("GET", f"/api/cards?{query}")
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert query.split("=")[0] in problem["detail"]
    assert "there are" in problem["detail"]


async def test_a_card_that_was_never_listed_is_read_from_its_digits(call):
    status, card, _ = await call("GET", "/api/cards/5200000201012342")
    assert status == 404  # its check digit is wrong
    status, card, _ = await call("GET", "/api/cards/5200000201012348")
    assert (status, card["scheme"], card["scenario"], card["versions"]) == (
        200,
        "mastercard",
        "challenge-otp",
        ["2.2.0"],
    )


async def test_a_number_that_is_not_ours_names_the_nearest_that_are(call):
    status, problem, headers = await call("GET", "/api/cards/4000000001000002")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert "does not know" in problem["detail"]
    assert "4000000001000001 (visa challenge-otp)" in problem["detail"]
    assert problem["nearest"][0] == {"pan": "4000000001000001", "scheme": "visa", "scenario": "challenge-otp"}


async def test_a_minted_card_is_new_every_time_and_has_a_phone_of_its_own(call, world):
    minted = []
    for _ in range(5):
        status, card, headers = await call("POST", "/api/cards", json={"scheme": "amex", "scenario": "challenge-otp"})
        assert (status, headers["Location"]) == (201, f"/api/cards/{card['pan']}")
        minted.append(card)
    assert all(luhn_valid(card["pan"]) and len(card["pan"]) == 15 for card in minted)
    assert len({card["pan"] for card in minted}) == len({card["phone"] for card in minted}) == 5
    assert set(world.cards) == {card["pan"] for card in minted}


async def test_minting_goes_on_until_a_number_is_free_and_says_when_none_is_left(call, world):
    wish = {"scheme": "amex", "scenario": "rejected"}
    _, first, _ = await call("POST", "/api/cards", json=wish)
    world.cards.update({pan: {} for pan in every_serial(first["pan"]) if pan[11:14] not in {"000", "777"}})
    status, last, _ = await call("POST", "/api/cards", json=wish)
    assert (status, last["pan"][11:14]) == (201, "777")
    status, problem, _ = await call("POST", "/api/cards", json=wish)
    assert (status, "every amex card for rejected is given" in problem["detail"]) == (409, True)


def every_serial(pan):
    from threedsecure.cards.card_numbers import luhn_check_digit

    bodies = [f"{pan[:11]}{serial:03}" for serial in range(1000)]
    return [body + luhn_check_digit(body) for body in bodies]


async def test_what_was_asked_for_is_kept_with_the_card(call, world):
    wish = {
        "scheme": "visa",
        "scenario": "challenge-otp",
        "version": "2.1.0",
        "phone": "+33612345678",
        "tries": 5,
        "language": "fr",
    }
    _, card, _ = await call("POST", "/api/cards", json=wish)
    assert (card["versions"], card["phone"]) == (["2.1.0"], "+33612345678")
    assert world.cards[card["pan"]] == {
        "pan": card["pan"],
        "scenario": "challenge-otp",
        "phone": "+33612345678",
        "tries": 5,
        "language": "fr",
    }
    _, found, _ = await call("GET", f"/api/cards/{card['pan']}")
    assert found["phone"] == "+33612345678"


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"scheme": "visa"}, "scenario"),
        ({"scheme": "visa", "scenario": "challenge-otp", "colour": "red"}, "colour"),
        ({"scheme": "vise", "scenario": "challenge-otp"}, "vise"),
        ({"scheme": "visa", "scenario": "otp"}, "otp"),
        ({"scheme": "visa", "scenario": "challenge-otp", "version": "9.9.9"}, "9.9.9"),
        ({"scheme": "visa", "scenario": "not-enrolled", "version": "2.1.0"}, "outside every card range"),
        ({"scheme": "visa", "scenario": "challenge-otp", "phone": "0612345678"}, "$.phone"),
        ({"scheme": "visa", "scenario": "challenge-otp", "tries": 0}, "$.tries"),
        ({"scheme": "visa", "scenario": "rejected", "reason": "7"}, "$.reason"),
        ({"scheme": "visa", "scenario": "rejected", "transStatus": "C"}, "$.transStatus"),
        ({"scheme": "visa", "scenario": "challenge-otp", "language": "tlh"}, "$.language"),
        (["visa"], "object"),
    ],
)
async def test_a_wish_that_cannot_be_met_names_what_is_wrong(call, world, wish, named):
    status, problem, headers = await call("POST", "/api/cards", json=wish)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert named in problem["detail"]
    assert world.cards == {}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 5000, b'"' + b"x" * 20000 + b'"'])
async def test_a_body_that_is_no_json_object_is_refused(call, body):
    status, problem, _ = await call("POST", "/api/cards", data=body)
    assert status in {400, 413}
    assert problem["title"]


async def test_scenarios_are_listed_with_what_happens(call):
    _, document, _ = await call("GET", "/api/scenarios")
    assert {"name": "rejected", "description": "rejected by the issuer (ARes R)", "digits": "0004"} in document[
        "scenarios"
    ]


async def test_the_cards_of_1_0_2_are_listed_under_the_names_of_the_scenarios_they_share(call):
    _, document, _ = await call("GET", "/api/cards?version=1.0.2&scheme=mastercard")
    by_name = {card["scenario"]: card for card in document["cards"]}
    assert {"challenge-otp", "frictionless-attempt", "not-enrolled", "enrolment-unknown", "bad-signature"} <= set(
        by_name
    )
    assert by_name["challenge-otp"]["versions"] == ["1.0.2"]
    assert "rejected" not in by_name
    _, document, _ = await call("GET", "/api/cards?scenario=bad-signature&scheme=jcb")
    assert [card["versions"] for card in document["cards"]] == [["1.0.2"]]


async def test_a_card_of_1_0_2_is_minted_for_the_schemes_that_spoke_it(call):
    wish = {"scheme": "visa", "scenario": "challenge-otp", "version": "1.0.2"}
    status, card, _ = await call("POST", "/api/cards", json=wish)
    assert (status, card["versions"], card["pan"][7]) == (201, ["1.0.2"], "9")
    status, card, _ = await call("POST", "/api/cards", json={"scheme": "amex", "scenario": "bad-signature"})
    assert (status, card["versions"]) == (201, ["1.0.2"])
    for refused in (
        wish | {"scheme": "cb"},
        wish | {"scenario": "rejected"},
        wish | {"scenario": "bad-signature", "version": "2.2.0"},
    ):
        status, problem, _ = await call("POST", "/api/cards", json=refused)
        assert (status, problem["title"]) == (400, "Bad Request")


async def test_the_outcome_that_was_asked_for_reaches_the_issuer(call, world):
    wish = {"scheme": "visa", "scenario": "rejected", "reason": "10", "transStatus": "N"}
    _, card, _ = await call("POST", "/api/cards", json=wish)
    assert (world.cards[card["pan"]]["reason"], world.cards[card["pan"]]["transStatus"]) == ("10", "N")
