"""When a fault happens, to whom, and when it is spent."""

import json

import pytest

from threedsecure.faults import FaultRefused, Plan, Transit, read
from threedsecure.faults.plan import MAX_FAULTS, MOST_CARDS

ARES = Transit("ARes", "Directory Server", frozenset({"4000000000000002", "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"}))


def plan(*documents):
    made = Plan()
    for number, document in enumerate(documents):
        made.arm(str(number), read({"at": "ARes", "do": "reset", **document}))
    return made


def never(_bound):
    raise AssertionError("nothing is drawn here")


def fired(of, times, transit=ARES, draw=never):
    return [len(of.meet(transit, draw)) for _ in range(times)]


def test_next_happens_once_and_is_gone():
    one = plan({})
    assert one.active
    assert fired(one, 3) == [1, 0, 0]
    assert not one.active


def test_what_has_happened_does_not_come_back_with_a_list_that_was_written_before():
    one = plan({})
    before = one.documents()
    assert fired(one, 1) == [1]
    one.replace(before)
    assert fired(one, 1) == [0]


def test_every_happens_until_it_is_taken_back():
    one = plan({"when": "every"})
    assert fired(one, 3) == [1, 1, 1]
    assert one.documents() == [{"id": "0", "at": "ARes", "do": "reset", "when": "every", "fired": 3}]
    assert one.disarm("0")
    assert not one.disarm("0")
    assert fired(one, 1) == [0]


def test_the_nth_counts_only_what_fits():
    one = plan({"when": {"nth": 2}})
    assert fired(one, 1) == [0]
    assert fired(one, 5, Transit("RReq", "Directory Server")) == [0] * 5
    assert fired(one, 3) == [1, 0, 0]


def test_chance_is_drawn_from_outside():
    one = plan({"when": {"probability": 0.25}})
    draws = iter([249_999, 250_000, 0, 999_999])
    assert fired(one, 4, draw=lambda bound: next(draws) * bound // 1_000_000) == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("limits", "happens"),
    [
        ({"card": "4000000000000002"}, 1),
        ({"card": "4000000000000010"}, 0),
        ({"transaction": "8A880DC0-D2D2-4067-BCB1-B08D1690B26E"}, 1),
        ({"transaction": "other"}, 0),
        ({"from": "ACS"}, 0),
        ({"from": "Directory Server"}, 1),
        ({"at": "RRes"}, 0),
    ],
)
def test_a_fault_is_for_whom_it_names(limits, happens):
    assert fired(plan(limits), 1) == [happens]


def test_several_happen_in_the_order_in_which_they_were_asked_for():
    many = plan({"do": "drop", "element": "eci"}, {"when": "every"}, {"at": "RReq"}, {"do": "garbage"})
    assert [armed.id for armed in many.meet(ARES, never)] == ["0", "1", "3"]
    assert [armed.id for armed in many] == ["1", "2"]


def test_what_cannot_happen_to_a_message_is_not_spent_on_it():
    one = plan({"do": "drop", "element": "acsURL"})
    assert one.meet(ARES, never, lambda _fault: False) == []
    assert len(one) == 1


def test_the_whole_plan_is_read_and_replaced_as_a_list_and_goes_on_counting():
    one = plan({"when": {"nth": 2}}, {"when": "every"})
    fired(one, 1)
    other = Plan()
    other.replace(one.documents())
    assert other.documents() == one.documents()
    one.replace([*one.documents(), {"id": "new", "at": "RReq", "do": "twice"}])
    assert fired(one, 1) == [2]
    assert [armed.id for armed in one] == ["1", "new"]


def test_what_is_over_is_not_brought_back_by_one_who_has_not_heard():
    one = plan({}, {"when": "every"})
    before = one.documents()
    fired(one, 1)
    one.disarm("1")
    one.replace(before)
    assert not one.active


@pytest.mark.parametrize(
    "bad", [[{"at": "ARes", "do": "reset"}], [{"id": "", "at": "ARes", "do": "reset"}], [{"id": "a", "at": "x"}]]
)
def test_a_list_that_cannot_be_changes_nothing(bad):
    one = plan({})
    with pytest.raises(FaultRefused):
        one.replace(bad)
    assert len(one) == 1


def test_the_number_of_faults_is_bounded():
    one = Plan()
    for number in range(MAX_FAULTS):
        one.arm(str(number), read({"at": "ARes", "do": "reset"}))
    with pytest.raises(FaultRefused, match="1000 faults"):
        one.arm("more", read({"at": "ARes", "do": "reset"}))


def test_whoever_carries_the_plan_elsewhere_hears_of_changes():
    heard = []
    one = Plan(changed=lambda: heard.append(len(heard)))
    one.arm("a", read({"at": "ARes", "do": "reset"}))
    one.meet(Transit("RReq", "ACS"), never)
    one.meet(ARES, never)
    one.clear()
    assert len(heard) == 3


AREQ = {"messageType": "AReq", "acctNumber": "4000000000000002"}
OTHERS = {"card": "4000000000000010"}


@pytest.mark.parametrize(
    ("documents", "spared"),
    [
        ([OTHERS], True),
        ([OTHERS, {"card": "4000000000000028"}], True),
        ([OTHERS, {"card": "4000000000000002"}], False),
        ([OTHERS, {}], False),
        ([OTHERS, {"transaction": "other"}], False),
        ([{**OTHERS, "do": "swap-ids"}], False),
        ([{**OTHERS, "do": "swap-ids", "with": "unknown"}], True),
        ([{"card": f"40000000{number:08}"} for number in range(10, 10 + MOST_CARDS + 1)], False),
    ],
)
def test_an_areq_is_spared_where_all_that_is_in_force_is_for_other_cards(documents, spared):
    made = plan(*documents)
    assert made.spares(AREQ) is spared
    assert made.may_spare(json.dumps(AREQ).encode()) is spared
    assert not made.spares({**AREQ, "messageType": "RReq"})


def test_whoever_is_spared_is_not_while_something_is_not_over_yet():
    made = plan(OTHERS)
    made.watch(watching=True)
    assert not made.spares(AREQ)
    made.watch(watching=False)
    assert made.spares(AREQ)


def test_bytes_that_may_say_a_number_in_another_way_are_not_spared():
    assert not plan(OTHERS).may_spare(b'{"messageType":"AReq","acctNumber":"\\u0034000000000000010"}')
