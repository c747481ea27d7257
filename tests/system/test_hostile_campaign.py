"""A slice of benchmarks/hostile.py: mutated messages and broken requests at every port, and a guest who is answered meanwhile."""

import os

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from benchmarks import hostile
from benchmarks.wire_shapes import SHAPES
from tests.support.ports import with_free_ports

EXCHANGES = 250


async def test_nothing_hostile_is_answered_500_hangs_or_is_taken_for_two(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(hostile, "UNDUE_SECONDS", 0.02)
    settings = with_free_ports(Settings(data=str(tmp_path)))
    async with running_stack(settings):
        seen = await hostile.run(settings.port("desk"), os.getpid(), EXCHANGES, seed=3)
    assert seen.broken == []
    assert len(seen.shapes) == len(set(SHAPES)), "every kind of shape was played"
    assert seen.guests >= 1
    assert sum(seen.statuses.values()) > EXCHANGES / 2
    assert not [record for record in caplog.records if record.exc_info]
