"""The model-based test is worth something: the same machine, its own moves and invariants, fails against rules that are broken on
purpose. The moves are chosen here, so that each break is met at once."""

from collections.abc import Callable

import pytest

from acs.settings import Limits
from acs.v2.results.outbox import Outbox
from tests.acs import stage as stages
from tests.acs import test_model
from tests.acs.stage import OTP
from tests.acs.test_model import LIMITS, TRIES, World


class Chosen:
    """What Hypothesis would have drawn: of each list the one at this place."""

    def __init__(self, *places: int) -> None:
        self.places = list(places)

    def draw(self, strategy):
        return strategy.elements[self.places.pop(0)]


class Moves:
    """The machine, with its invariants held after every move as Hypothesis does."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __getattr__(self, name):
        def moves(*given, **named):
            getattr(self.world, name)(*given, **named)
            self.world.only_one_result_each()
            self.world.observe()

        return moves

    def types_on(self, purchase, answer, times=1):
        """`purchase`: its place among those that have a page."""
        for _ in range(times):
            self.types(data=Chosen(purchase, -1), answer=answer)


def three_wrong_codes(moves):
    moves.opens(data=Chosen(0))
    moves.types_on(0, "wrong", TRIES)


def right_code_after_the_card_was_locked(moves):
    for purchase in range(3):
        if purchase:
            moves.buys(pan=OTP)
        moves.opens(data=Chosen(purchase))
    for purchase in (1, 2):
        moves.types_on(purchase, "wrong", TRIES)
    moves.types_on(0, "right")


def right_code(moves):
    moves.opens(data=Chosen(0))
    moves.types_on(0, "right")


def right_code_while_the_directory_server_is_down(moves):
    moves.the_directory_server_changes(status=503)
    right_code(moves)
    moves.waits(seconds=31)


def one_more_try(patch):
    patch.setattr(test_model, "RULES", {"limits": LIMITS, "tries": TRIES + 1})


def nothing_locks_a_card(patch):
    patch.setattr(test_model, "RULES", {"limits": Limits(failures=0), "tries": TRIES})


def results_stay_at_home(patch):
    patch.setattr(stages, "PATIENCE_SECONDS", 0.5)
    patch.setattr(Outbox, "start", lambda outbox, name: outbox._broken.add(name))


def every_attempt_tells_something_else(patch):
    told, once = [], Outbox._post

    async def another_each_time(outbox, url, body):
        told.append(body)
        return await once(outbox, url, body.replace(b'"RReq"', b'"RReq"' + b" " * len(told)))

    patch.setattr(Outbox, "_post", another_each_time)


BREAKS: tuple[tuple[Callable, Callable], ...] = (
    (three_wrong_codes, one_more_try),
    (right_code_after_the_card_was_locked, nothing_locks_a_card),
    (right_code, results_stay_at_home),
    (right_code_while_the_directory_server_is_down, every_attempt_tells_something_else),
)


def play(script):
    world = World()
    try:
        world.begins()
        script(Moves(world))
    finally:
        world.teardown()


@pytest.mark.parametrize(("script", "rule"), BREAKS, ids=lambda value: value.__name__)
def test_a_broken_rule_is_noticed_and_the_right_one_is_not(script, rule, monkeypatch):
    play(script)
    rule(monkeypatch)
    with pytest.raises((AssertionError, TimeoutError, BaseExceptionGroup)):
        play(script)
