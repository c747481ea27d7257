"""One rule, two ways to carry it out: straight through where nothing has to be waited for, awaited where something has.

What is called here returns its result, or a coroutine where it has to wait for it."""

from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Any, TypeGuard, TypeVar

Found = TypeVar("Found")
Result = TypeVar("Result")


def waits(found: object) -> TypeGuard[Awaitable[Any]]:
    """Whether what was asked for is still to come."""
    return type(found) is CoroutineType


def then(
    found: Found | Awaitable[Found], rest: Callable[[Found], Result | Awaitable[Result]]
) -> Result | Awaitable[Result]:
    """What `rest` makes of it: at once where it is there."""
    return _later(found, rest) if type(found) is CoroutineType else rest(found)  # type: ignore[arg-type]


async def soon(found: Found | Awaitable[Found]) -> Found:
    """It, once it is there."""
    return await found if waits(found) else found  # type: ignore[return-value]


async def _later(found: Awaitable[Found], rest: Callable[[Found], Result | Awaitable[Result]]) -> Result:
    return await soon(rest(await found))
