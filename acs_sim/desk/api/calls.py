"""How a call of the control API is described: once, for routing it and for documenting it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any, Final, TypeVar, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec

from acs_sim.client.parties import Parties, Refused
from acs_sim.client.sdk.phone_app import PhoneApp
from acs_sim.desk.log.lines import Log
from acs_sim.desk.playing import Playing
from acs_sim.settings.addresses import Addresses
from threedsecure.addresses import namespace_of
from threedsecure.cards.other_cards import NO_OTHER_CARDS, OtherCards
from threedsecure.v2.validation.as_of import NONE
from threedsecure.web.serving.service import Runtime
from threedsecure.web.wire import Problem, WireRequest, WireResponse

Body = TypeVar("Body", bound=msgspec.Struct)
BODY_LIMIT: Final = 16 * 1024
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk's handlers work with. `elsewhere`: the parties that do not run in this process. `apps`: those with
    an SDK of ours, by sdkTransID, the oldest first. `log`: what the front page knows of the journal; `playing`: what is played
    from here. `other_cards`: the numbers of other systems that are known. `rules_as_of`: the day whose dated rules are in
    force."""

    runtime: Runtime
    addresses: Addresses
    parties: Parties
    elsewhere: tuple[str, ...] = ()
    apps: dict[str, PhoneApp] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    playing: Playing = field(default_factory=Playing)
    other_cards: OtherCards = NO_OTHER_CARDS
    rules_as_of: str = NONE

    @property
    def namespace(self) -> str | None:
        """The namespace that this is the desk of; None at a simulator's first one."""
        return namespace_of(urlsplit(self.addresses.desk).path)


Handler = Callable[[Desk, WireRequest], Awaitable[WireResponse]]
Function = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One call. `answers` and `bodies` are types of `documents`; `query` has the type of each parameter, which says what it means;
    `errors` are the statuses it answers besides success; `limit` is the longest body in bytes; `media` is what it answers."""

    method: str
    path: str
    name: str
    summary: str
    answers: tuple[Any, ...]
    handler: Handler | None = None
    bodies: tuple[Any, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    errors: tuple[int, ...] = ()
    limit: int = BODY_LIMIT
    media: str = JSON


def call(
    method: str, path: str, *, body: tuple[Any, ...] = (), answer: tuple[Any, ...] = (), **more: Any
) -> Callable[[Function], Operation]:
    """A call of the control API, from the function that answers it. That takes `desk`; `wish`, the body; `request`, where it reads
    that itself; what the path names; what the query names. A name that Python has taken is followed by an underscore. The first
    line of its documentation is the summary.

    `body`, `answer`: where its types do not say what it takes and gives. `more`: as for `Operation`."""

    def described(function: Function) -> Operation:
        hints = get_type_hints(function, include_extras=True)
        answers, wish = answer or (hints["return"],), hints.get("wish")
        spelt = {
            name.rstrip("_"): name for name in hints if name.lstrip("_") not in {"desk", "request", "wish", "return"}
        }
        query = {name: hints[own] for name, own in spelt.items() if f"{{{name}}}" not in path}
        status = more.get("status", 200)

        async def handler(desk: Desk, request: WireRequest) -> WireResponse:
            given: dict[str, Any] = {spelt[name]: value for name, value in request.match.items()}
            if "request" in hints:
                given["request"] = request
            if wish is not None:
                given["wish"] = read_body(request, wish)
            if query:
                given |= {spelt[name]: value for name, value in read_query(request, query).items()}
            found = await function(desk, **given)
            return found if isinstance(found, WireResponse) else answered(found, status)

        summary = (getdoc(function) or "").partition("\n")[0].rstrip(".")
        bodies = body or ((wish,) if wish is not None else ())
        return Operation(method, path, function.__name__, summary, answers, handler, bodies, query, **more)

    return described


def bound(desk: Desk, handler: Handler) -> Callable[[WireRequest], Awaitable[WireResponse]]:
    """The handler as the service layer calls it. What another party refuses becomes a problem here."""

    async def answer(request: WireRequest) -> WireResponse:
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


def read_query(request: WireRequest, known: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the address, each as the type that `known` has for it. Errors: `Problem` 400 that names the parameter."""
    found = {}
    for name, text in request.query.items():
        if name not in known:
            raise Problem(400, "Bad Request", f"there is no parameter {name[:40]!r} here; there are {', '.join(known)}")
        try:
            found[name] = msgspec.convert(text, known[name], strict=False)
        except msgspec.ValidationError as error:
            raise Problem(400, "Bad Request", f"{name} is {_in_words(known[name])}") from error
    return found


def _in_words(kind: Any) -> str:
    """What a parameter can be: one of the values of a Literal, or a number."""
    schema = msgspec.json.schema(kind)
    if "enum" in schema:
        return f"one of {', '.join(get_args(kind.__origin__))}"
    return f"a number from {schema.get('minimum')} to {schema.get('maximum')}"


def answered(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> WireResponse:
    """A JSON answer from a type of `acs_sim.desk.api.documents`."""
    return WireResponse(status, msgspec.json.encode(document), headers=headers or {})
