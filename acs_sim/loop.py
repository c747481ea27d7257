"""The event loop: uvloop where it is installed."""

import asyncio
import gc
from collections.abc import Callable
from importlib.util import find_spec


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def spare_the_collector() -> None:
    """What is there at the start stays to the end: the collector need not look at it with every few hundred requests."""
    gc.collect()
    gc.freeze()
