"""The list of card ranges, its edits and what a 3DS Server is told of them: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory_server.ranges import Action, Issuer, RangeList, RangesInConflict, StandIn, digest, listed, with_others
from threedsecure.cards.card_numbers import CardRange
from threedsecure.cards.other_cards import OtherCard
from threedsecure.cards.scenarios import METHOD, NO_METHOD
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import PREFIXES
from threedsecure.cards.test_cards import listed as listed_cards

VERSIONS = ("2.1.0", "2.2.0", "2.3.1")
ISSUER = Issuer(("2.2.0",), "http://127.0.0.1:8200/3ds2/areq")


def list_of(scheme="visa", versions=VERSIONS):
    table = listed(scheme, versions, "http://acs", "http://down", StandIn.ERRO)
    return RangeList(table, serial=1, oldest=1)


def block(number: int, issuer: Issuer = ISSUER) -> CardRange[Issuer]:
    """The hundred cards that begin with 99 and `number`."""
    head = f"99{number:012}"
    return CardRange(f"{head}00", f"{head}99", issuer)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_range_for_every_version_and_setup_holds_every_listed_card_but_the_one_that_is_not_enrolled(scheme):
    ranges = list_of(scheme)
    # 28 for each prefix; the numbers of co-badged cards are those of both of their schemes
    assert len(list(ranges)) == (56 if scheme in {"visa", "mastercard", "cb"} else 28)
    for card in listed_cards():
        if card.scheme == scheme:
            found = ranges.find(card.pan)
            assert (found is None) == (card.scenario.name == "not-enrolled")
            assert found is None or found.value.versions == card.versions


def test_the_setup_digit_decides_the_3ds_method_and_the_address_of_the_acs():
    by_setup = {found.start[8]: found.value for found in list_of() if found.start[7] == "0"}
    assert by_setup["0"].three_ds_method_url == "http://acs/3ds2/method"
    assert by_setup["1"].three_ds_method_url is None
    assert by_setup["2"].three_ds_method_url == "http://acs/3ds2/method/silent"
    assert by_setup["6"].three_ds_method_url == "http://acs/3ds2/method/late"
    assert {setup: issuer.acs_url for setup, issuer in by_setup.items()} == {
        "0": "http://acs/3ds2/areq",
        "1": "http://acs/3ds2/areq",
        "2": "http://acs/3ds2/areq",
        "3": "http://down/3ds2/areq",
        "4": "http://down/3ds2/areq",
        "5": "http://down/3ds2/areq",
        "6": "http://acs/3ds2/areq",
    }
    assert {setup: issuer.stand_in.value for setup, issuer in by_setup.items() if issuer.stand_in != "erro"} == {
        "4": "attempt",
        "5": "unavailable",
    }


def test_ranges_of_versions_that_are_not_spoken_are_left_out():
    assert {found.value.versions for found in list_of(versions=("2.1.0",))} == {("2.1.0",)}
    assert {found.start[7] for found in list_of(versions=("2.1.0",))} == {"0", "1"}


def test_every_edit_has_the_next_serial_number_and_is_told_since_the_one_before():
    first = list_of()
    second = first.edited([(Action.ADD, block(1)), (Action.ADD, block(2))])
    third = second.edited([(Action.DELETE, block(1)), (Action.MODIFY, block(2, Issuer(("2.1.0",), "http://x/")))])
    assert (first.serial, second.serial, third.serial) == (1, 2, 3)
    assert [(c.action.value, c.card_range.start) for c in third.since(2)] == [
        ("D", block(1).start),
        ("M", block(2).start),
    ]
    assert [c.action.value for c in third.since(1)] == ["A", "A", "D", "M"]
    assert third.since(3) == []
    assert third.find(block(1).start) is None
    assert third.find(block(2).end).value.versions == ("2.1.0",)
    assert first.find(block(2).start) is None, "an edit gives another list"


@pytest.mark.parametrize("serial", [0, 2, 99])
def test_a_serial_number_that_was_never_given_out_is_not_known(serial):
    assert list_of().since(serial) is None


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([(Action.ADD, block(1)), (Action.ADD, block(1))], "exists already"),
        ([(Action.DELETE, block(1))], "no such range"),
        ([(Action.MODIFY, block(1))], "no such range"),
        ([(Action.ADD, CardRange("4000000000000000", "4000000000000001", ISSUER))], "overlap"),
    ],
)
def test_an_edit_that_the_list_cannot_take_is_refused_in_words(edits, words):
    with pytest.raises(RangesInConflict, match=words):
        list_of().edited(edits)


def test_the_digest_of_a_list_changes_with_its_addresses():
    one = listed("visa", VERSIONS, "http://acs", "http://down", StandIn.ERRO)
    same = listed("visa", VERSIONS, "http://acs", "http://down", StandIn.ERRO)
    moved = listed("visa", VERSIONS, "http://acs:1", "http://down", StandIn.ERRO)
    assert digest(one) == digest(same) != digest(moved)


EDITS = st.lists(st.tuples(st.sampled_from(list(Action)), st.integers(0, 5), st.sampled_from(VERSIONS)), max_size=12)


@given(EDITS)
def test_a_3ds_server_that_applies_the_deltas_holds_what_one_that_asks_for_the_whole_list_holds(edits):
    ranges = list_of()
    cache = {found.start: found.value for found in ranges}
    for action, number, version in edits:
        try:
            after = ranges.edited([(action, block(number, Issuer((version,), "http://x/")))])
        except RangesInConflict:
            continue
        for change in after.since(ranges.serial):
            if change.action is Action.DELETE:
                del cache[change.card_range.start]
            else:
                assert (change.action is Action.ADD) == (change.card_range.start not in cache)
                cache[change.card_range.start] = change.card_range.value
        ranges = after
    assert cache == {found.start: found.value for found in ranges}
    base = list_of()
    changes = tuple(ranges.since(1))
    assert list(RangeList.restored(base.table, ranges.serial, 1, changes)) == list(ranges)


def test_edits_that_no_longer_fit_the_list_they_began_with_are_passed_over():
    edited = list_of().edited([(Action.DELETE, block_of_grammar("4000000" + "20")), (Action.ADD, block(1))])
    only_2_1_0 = list_of(versions=("2.1.0",)).table
    restored = RangeList.restored(only_2_1_0, 5, 5, tuple(edited.since(1)))
    assert restored.find(block(1).start) is not None
    assert len(list(restored)) == len(only_2_1_0) + 1


def test_edits_that_overlap_the_list_they_now_stand_on_leave_it_alone():
    inside = CardRange("4000000000000000", "4000000000000001", ISSUER)
    elsewhere = RangeList(listed("jcb", VERSIONS, "http://acs", "http://down", StandIn.ERRO), 1, 1)
    changes = tuple(elsewhere.edited([(Action.ADD, inside)]).since(1))
    base = list_of().table
    assert list(RangeList.restored(base, 2, 2, changes)) == list(base)


def block_of_grammar(head: str) -> CardRange[Issuer]:
    return CardRange(head.ljust(16, "0"), head.ljust(16, "9"), ISSUER)


def test_prefixes_of_two_schemes_never_share_a_range():
    assert len(set(PREFIXES.values())) == len(PREFIXES)


def other(pan: str, setup: str = METHOD, versions: tuple[str, ...] = VERSIONS) -> OtherCard:
    return OtherCard(pan, "visa", "frictionless", {}, versions, setup)


def beside(*others: OtherCard, spoken=VERSIONS):
    return with_others(listed("visa", spoken, "http://acs", "http://down", StandIn.ERRO), others, spoken, *ADDRESSES)


ADDRESSES = ("http://acs", "http://down", StandIn.ERRO)
WHOLE = ("4000000000000000", "4000000009999999")
"""The range of Visa's cards with all versions and a 3DS Method."""


@pytest.mark.parametrize("pan", [*WHOLE, "4000000000001018"])
def test_a_number_of_another_system_gets_a_range_for_itself_where_its_surroundings_say_something_else(pan):
    table = beside(other(pan, NO_METHOD))
    assert table.find(pan) == CardRange(pan, pan, ISSUER_WITHOUT_METHOD)
    around = [WHOLE[0], WHOLE[1], str(int(pan) - 1), str(int(pan) + 1)]
    for near in (each for each in around if each != pan and WHOLE[0] <= each <= WHOLE[1]):
        assert table.find(near).value == list_of().find(near).value


ISSUER_WITHOUT_METHOD = Issuer(VERSIONS, "http://acs/3ds2/areq")


def test_it_leaves_the_ranges_as_they_are_where_they_say_the_same():
    assert list(beside(other("4000000000001018"))) == list(list_of())


def test_it_is_in_no_range_where_it_is_not_enrolled_or_knows_no_version_that_is_spoken():
    assert beside(other("4000000000001018", versions=())).find("4000000000001018") is None
    assert beside(other("4242424242424242", versions=("2.1.0",)), spoken=("2.2.0",)).find("4242424242424242") is None
    assert beside(other("4917610000000000003")).find("4917610000000000003").value.versions == VERSIONS
