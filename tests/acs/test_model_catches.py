"""The model-based test is worth something: held against rules that are broken on purpose, it fails."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from acs.outbox import Outbox
from acs.standing import Limits
from tests.acs import stage as stages
from tests.acs import test_model
from tests.acs.test_model import World

# A failure is enough: it need not be made small, and the same moves are tried every time.
ONCE = hypothesis_settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
BREAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def breaks(rule):
    def known(how):
        BREAKS[rule] = how
        return how

    return known


@breaks("no more tries than allowed")
def _(patch):
    patch.setattr(test_model, "RULES", {"limits": test_model.LIMITS, "tries": test_model.TRIES + 1})


@breaks("never Y after a lock-out")
def _(patch):
    patch.setattr(test_model, "RULES", {"limits": Limits(failures=0), "tries": test_model.TRIES})


@breaks("every RReq is acknowledged or its failure recorded")
def _(patch):
    patch.setattr(stages, "PATIENCE_SECONDS", 0.5)
    patch.setattr(Outbox, "start", lambda _outbox, _name: None)


@breaks("one result per transaction")
def _(patch):
    told, once = [], Outbox._post

    async def another_each_time(outbox, url, body):
        told.append(body)
        return await once(outbox, url, body.replace(b'"RReq"', b'"RReq"' + b" " * len(told)))

    patch.setattr(Outbox, "_post", another_each_time)


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_noticed(monkeypatch, rule):
    BREAKS[rule](monkeypatch)
    with pytest.raises((AssertionError, TimeoutError)):
        run_state_machine_as_test(World, settings=ONCE)
