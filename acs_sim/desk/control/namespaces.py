"""`/api/namespaces`: simulators of their own behind the same ports, for those who run side by side."""

import re
from datetime import datetime
from typing import Final

from msgspec.structs import asdict

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import NamespaceDocument, NamespaceMade, NamespacesThere, NamespaceWish, PartyAddresses
from acs_sim.settings.durations import parse_duration
from threedsecure.addresses import NAMESPACE_NAME
from threedsecure.web.serving.namespaces import Namespace, Namespaces
from threedsecure.web.wire import Problem

_NAME: Final = re.compile(NAMESPACE_NAME)
LONGEST_IDLE_SECONDS: Final = 7 * 86_400.0


@call("GET", "/api/namespaces", errors=(409,))
async def list_namespaces(desk: Desk) -> NamespacesThere:
    """The namespaces that are there."""
    return listed(desk)


@call("PUT", "/api/namespaces/{name}", errors=(400, 409, 503))
async def make_namespace(desk: Desk, name: str, wish: NamespaceWish) -> NamespaceMade:
    """A simulator of its own behind the same ports, under /~NAME/; the one that is there, where there is one."""
    return await make(desk, name, wish)


@call("DELETE", "/api/namespaces/{name}", errors=(404, 409))
async def end_namespace(desk: Desk, name: str) -> NamespacesThere:
    """End a namespace and forget all that it holds; answers with those that are left."""
    await end(desk, name)
    return listed(desk)


def listed(desk: Desk) -> NamespacesThere:
    """Errors: `Problem` 409."""
    return NamespacesThere([_document(one) for one in _namespaces(desk).listed()])


async def make(desk: Desk, name: str, wish: NamespaceWish) -> NamespaceMade:
    """Errors: `Problem` 400, 409 and 503."""
    if not _NAME.fullmatch(name):
        words = "a namespace's name is up to 32 of a-z, 0-9 and -, and neither begins nor ends with -"
        raise Problem(400, "Bad Request", words)
    made, new = await _namespaces(desk).made(name, seed=wish.seed, idle_seconds=_idle_seconds(wish.idle))
    return NamespaceMade(**asdict(_document(made)), new=new)


async def end(desk: Desk, name: str) -> None:
    """Errors: `Problem` 404 and 409."""
    if not await _namespaces(desk).ended(name):
        raise Problem(404, "Not Found", f"there is no namespace {name[:40]!r}")


def _namespaces(desk: Desk) -> Namespaces:
    """Errors: `Problem` 409 within one, which shows nothing of the others."""
    if desk.runtime.namespaces is None:
        raise Problem(
            409, "Conflict", f"this is namespace {desk.namespace!r}: the desk without one makes and lists them"
        )
    return desk.runtime.namespaces


def _idle_seconds(written: str) -> float:
    """Errors: `Problem` 400."""
    try:
        seconds = parse_duration(written).total_seconds()
    except ValueError as error:
        raise Problem(400, "Bad Request", f"idle: {error}") from error
    if not 1 <= seconds <= LONGEST_IDLE_SECONDS:
        raise Problem(400, "Bad Request", "idle: from 1s to 7d")
    return seconds


def _document(one: Namespace) -> NamespaceDocument:
    made, used = (_shown(at) for at in (one.made_at, one.used_at))
    return NamespaceDocument(one.name, PartyAddresses(**one.addresses), made, used, one.idle_seconds)


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
