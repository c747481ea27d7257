"""The event loop: uvloop where it is installed."""

import asyncio
import gc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


GARBAGE_THRESHOLD: Final = 20_000


def spare_the_collector() -> None:
    """What is there at the start stays to the end: the collector need not look at it. What comes later is freed by counting; it
    looks for cycles once in some fifty requests under way, instead of with each."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(GARBAGE_THRESHOLD, 10, 10)
