"""How a call of the control API is described: once, for routing it and for documenting it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from acs_sim.client.parties import Parties, Refused
from acs_sim.settings.addresses import Addresses
from threedsecure.web.serving.service import Route, Runtime
from threedsecure.web.wire import Problem, WireRequest, WireResponse

Body = TypeVar("Body", bound=msgspec.Struct)
BODY_LIMIT: Final = 16 * 1024
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk's handlers work with. `elsewhere`: the parties that do not run in this process."""

    runtime: Runtime
    addresses: Addresses
    parties: Parties
    elsewhere: tuple[str, ...] = ()


Handler = Callable[[Desk, WireRequest], Awaitable[WireResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: `body` and `answer` are types of `documents`, or tuples of several; `query` says what each parameter
    means;    `errors` are the statuses it answers besides success; `limit` is the longest body in bytes."""

    method: str
    path: str
    handler: Handler
    summary: str
    answer: Any
    body: Any = None
    query: tuple[tuple[str, str], ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()
    limit: int = BODY_LIMIT

    @property
    def bodies(self) -> tuple[Any, ...]:
        return () if self.body is None else _several(self.body)

    @property
    def answers(self) -> tuple[Any, ...]:
        return _several(self.answer)

    def route(self, desk: Desk) -> Route:
        return Route(self.method, self.path, bound(desk, self.handler), self.limit)


def _several(kinds: Any) -> tuple[Any, ...]:
    return kinds if isinstance(kinds, tuple) else (kinds,)


def bound(desk: Desk, handler: Handler) -> Callable[[WireRequest], Awaitable[WireResponse]]:
    """The handler as the service layer calls it. What another party refuses becomes a problem here, and a page of another site
    cannot make a visitor's browser change anything."""

    async def answer(request: WireRequest) -> WireResponse:
        if request.method not in SAFE_METHODS and request.headers.get("sec-fetch-site") == "cross-site":
            raise Problem(
                403, "Forbidden", "a page of another site asked for this; call it from a script or from the desk"
            )
        try:
            return await handler(desk, request)
        except Refused as refusal:
            raise refusal.problem() from refusal

    return answer


def read_body(request: WireRequest, kind: type[Body]) -> Body:
    """The posted object. Errors: `Problem` 400, which names the member that is wrong."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Problem(400, "Bad Request", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "Bad Request", f"the body is not JSON: {error}") from error


def known_query(request: WireRequest, names: tuple[str, ...]) -> dict[str, str]:
    """The parameters of the address. Errors: `Problem` 400 for one that means nothing here."""
    for name in request.query:
        if name not in names:
            raise Problem(400, "Bad Request", f"there is no parameter {name[:40]!r} here; there are {', '.join(names)}")
    return dict(request.query)


def answered(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> WireResponse:
    """A JSON answer from a type of `acs_sim.desk.api.documents`."""
    return WireResponse(status, msgspec.json.encode(document), headers=headers or {})
