"""The generated check of a shape says the same as the slow reading, of every message and of every way to spoil one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.threedsecure.v2.golden import GOLDEN, Golden, find
from tests.threedsecure.v2.mutants import mutants
from tests.threedsecure.v2.test_checking import anything
from threedsecure.v2.errors import MessageError
from threedsecure.v2.messages import METHOD_DATA
from threedsecure.v2.validation import checking
from threedsecure.v2.validation.checking import Context, Leg, check, context_of, defined, read, violations
from threedsecure.v2.validation.plans import plan_for
from threedsecure.v2.validation.shapes import LARGEST, LEARN_AFTER, MOST_LEARNED, MOST_MET, MOST_VARIANTS, Shapes

Message = dict[str, Any]
COMPLETE = [golden for golden in GOLDEN if not golden.name.endswith("-minimal")]


def learned(message: Message, context: Context, shapes: Shapes | None = None) -> Shapes:
    """Shapes that have met a right message often enough."""
    shapes = shapes or Shapes()
    kind = METHOD_DATA if context.leg is Leg.METHOD else message["messageType"]
    for _ in range(LEARN_AFTER):
        shapes.meet(message, context, plan_for(kind, context))
    return shapes


def is_right(message: Message, context: Context) -> bool:
    try:
        return not violations(message, context)
    except MessageError:  # of no known type
        return False


def rearranged(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """With its members in the reverse order, with an unknown one more - first and last -, here or in one object inside."""
    if isinstance(value, dict) and value:
        yield f"{where} backwards", dict(reversed(value.items()))
        yield f"{where} unknown last", {**value, "no name of ours": {"a": 1}}
        yield f"{where} unknown first", {"no name of ours": "1", **value}
        for name, item in value.items():
            for what, changed in rearranged(item, f"{where}.{name}"):
                yield what, {**value, name: changed}
    if isinstance(value, list) and value:
        yield f"{where} one item more", [*value, value[-1]]
        for what, changed in rearranged(value[0], f"{where}[0]"):
            yield what, [changed, *value[1:]]


def spoiled_by_hand(golden: Golden) -> Iterator[tuple[str, Message]]:
    for mutant in mutants(golden):
        if mutant.fault != "duplicate":  # the decoder's business
            yield f"{mutant.path} {mutant.fault}", json.loads(mutant.raw)
    yield from rearranged(golden.message)


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_a_right_message_is_accepted_by_the_check_of_its_shape(golden: Golden) -> None:
    context = golden.context()
    shape = learned(golden.message, context).find(golden.message, context)
    assert shape is not None
    assert shape.whole == (defined(golden.message, context) == golden.message)


@pytest.mark.parametrize("golden", COMPLETE, ids=str)
def test_the_check_of_a_shape_accepts_no_mutant_that_the_slow_reading_refuses(golden: Golden) -> None:
    shapes = learned(golden.message, golden.context())
    for what, message in spoiled_by_hand(golden):
        context = golden.context(message)
        if shapes.find(message, context) is not None:
            assert is_right(message, context), what


@pytest.mark.parametrize("name", ["areq-brw-pa", "ares-brw-pa-challenge", "rreq-app-pa-authenticated", "cres-app-oob"])
@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
def test_a_mutant_that_is_right_becomes_a_shape_of_its_own(version: str, name: str) -> None:
    golden = find(version, name)
    for what, message in spoiled_by_hand(golden):
        context = golden.context(message)
        if is_right(message, context):
            shape = learned(message, context).find(message, context)
            assert shape is not None, what
            assert shape.whole == (defined(message, context) == message), what


@st.composite
def right(draw: st.DrawFn) -> tuple[Golden, Message]:
    """A right message, perhaps of another shape than the golden one."""
    golden = draw(st.sampled_from(COMPLETE))
    message = draw(spoiled(golden.message))
    return golden, message if is_right(message, golden.context(message)) else golden.message


@st.composite
def spoiled(draw: st.DrawFn, message: Message) -> Message:
    """`message` with some members, at any depth, replaced, removed, added or moved."""
    for _ in range(draw(st.integers(1, 3))):
        message = draw(_spoil(message))
    return message


def _spoil(found: Message) -> st.SearchStrategy[Message]:
    if not found:  # the shortest messages have two members, and three may be taken away
        return st.just(found)
    name = st.sampled_from(sorted(found))
    replaced = st.tuples(name, anything).map(lambda pair: {**found, pair[0]: pair[1]})
    removed = name.map(lambda name: {key: item for key, item in found.items() if key != name})
    added = st.tuples(st.sampled_from(("x", "eci", "acsTransID", "")), anything).map(
        lambda pair: {**found, pair[0]: pair[1]}
    )
    moved = name.map(lambda name: {name: found[name], **found})
    inner = [name for name, item in found.items() if isinstance(item, dict) and item]
    if not inner:
        return replaced | removed | added | moved
    deeper = st.sampled_from(inner).flatmap(lambda name: _spoil(found[name]).map(lambda item: {**found, name: item}))
    return replaced | removed | added | moved | deeper


@settings(max_examples=250)
@given(right(), st.data())
def test_the_check_of_any_shape_and_the_slow_reading_agree(case: tuple[Golden, Message], data: st.DataObject) -> None:
    golden, message = case
    context = golden.context(message)
    shapes = learned(message, context)
    found = shapes.find(message, context)
    assert found is not None
    assert found.whole == (defined(message, context) == message)
    changed = data.draw(spoiled(message))
    context = golden.context(changed)
    if shapes.find(changed, context) is not None:
        assert is_right(changed, context)


def test_once_a_shape_is_known_it_is_known_too_that_nothing_in_it_is_undefined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_SHAPES", Shapes())
    message, leg = find("2.1.0", "areq-brw-pa").message, Leg.THREE_DS_SERVER_TO_DS
    strange = {**message, "nonsense": 1}
    deeper = {**message, "mobilePhone": {"cc": "33", "subscriber": "6", "x": "y"}}
    for _ in range(2 * LEARN_AFTER):
        assert read(message, leg).context == context_of(message, leg)
        assert not read(strange, leg).whole
        assert not read(deeper, leg).whole
    assert read(message, leg).whole


def test_a_line_feed_in_one_value_cannot_pass_for_the_next_value() -> None:
    message = find("2.2.0", "areq-brw-pa").message
    context = context_of(message, Leg.THREE_DS_SERVER_TO_DS)
    for _ in range(LEARN_AFTER + 1):
        check(message, context)
    with pytest.raises(MessageError) as caught:
        check({**message, "acctID": "a\nb", "merchantName": "x\n"}, context)
    assert set(caught.value.detail.split(",")) == {"acctID", "merchantName"}


def test_a_value_that_a_condition_reads_is_part_of_the_shape() -> None:
    message = find("2.2.0", "areq-brw-npa").message
    message = {name: item for name, item in message.items() if not name.startswith(("recurring", "purchaseInstal"))}
    single = {**message, "threeDSRequestorAuthenticationInd": "01"}
    context = context_of(single, Leg.THREE_DS_SERVER_TO_DS)
    shapes = learned(single, context)
    assert shapes.find(single, context)
    assert not shapes.find({**single, "threeDSRequestorAuthenticationInd": "02"}, context)  # recurringExpiry is missing


def test_what_the_request_says_is_part_of_the_shape() -> None:
    golden = find("2.2.0", "ares-brw-pa-challenge")
    assert golden.request is not None
    shapes = learned(golden.message, golden.context())
    share = {**golden.request, "threeDSRequestorChallengeInd": "06"}  # data share only: no challenge
    assert not shapes.find(golden.message, context_of(golden.message, golden.leg, share))
    again = {**golden.request, "dsTransID": golden.message["dsTransID"]}
    assert shapes.find(golden.message, context_of(golden.message, golden.leg, again))


def test_learning_is_bounded_and_goes_on() -> None:
    golden = find("2.1.0", "rres-brw-pa")
    shapes = Shapes()
    numbered = [{**golden.message, f"name{number}": "x"} for number in range(MOST_LEARNED + 1)]
    for message in numbered:
        learned(message, golden.context(), shapes)
    assert [bool(shapes.find(message, golden.context())) for message in numbered] == [False] * MOST_LEARNED + [True]
    for number in range(MOST_MET + 1):
        shapes.meet({f"name{number}": "x", **golden.message}, golden.context(), plan_for("RRes", golden.context()))
    assert len(shapes._met) == 1
    assert learned(numbered[0], golden.context(), shapes).find(numbered[0], golden.context())


def test_variants_of_the_same_names_are_bounded() -> None:
    golden = find("2.1.0", "rres-brw-pa")
    shapes = Shapes()
    extension = {"name": "x", "id": "x", "criticalityIndicator": False, "data": {"a": 1}}
    for number in range(MOST_VARIANTS + 1):
        message = {**golden.message, "messageExtension": [extension] * (number + 1)}
        learned(message, golden.context(), shapes)
        assert bool(shapes.find(message, golden.context())) == (number < MOST_VARIANTS)


def test_what_is_very_long_is_read_slowly_and_not_remembered() -> None:
    golden = find("2.2.0", "pres")
    long = {**golden.message, "cardRangeData": golden.message["cardRangeData"] * 1000}
    named = {**golden.message, "x" * LARGEST: 1}
    for message in (long, named):
        assert learned(message, golden.context()).find(message, golden.context()) is None
