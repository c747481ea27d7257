"""The short form of benchmarks/crash.py: processes die at random under load, and no promise is broken."""

import importlib.util
import sys
from pathlib import Path

from tests.support.ports import free_port_base

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "crash.py"


def crash():
    specification = importlib.util.spec_from_file_location("crash", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["crash"] = module
    specification.loader.exec_module(module)
    return module


async def test_no_promise_is_broken_by_kills_under_load(engine):
    report = await crash().storm(engine, 3, workers=3, payers=4, base=free_port_base(), least=11)
    assert report.broken == []
    assert report.journalled == report.answered
    assert report.strikes >= 1
    assert report.answered > 10
    assert report.challenged > 0
