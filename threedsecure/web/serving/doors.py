"""Who may knock where. A browser brings every page's requests here, those of other sites too: it says so itself."""

from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from threedsecure.web.calling.names import Names
from threedsecure.web.wire import Problem, WireRequest

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
MEDIA_TYPE: Final = "application/json"
OWN_SITES: Final = frozenset({"same-origin", "none"})
_JSON_WANTED: Final = f"Content-Type: {MEDIA_TYPE} is wanted (curl: --json in place of -d)"
_FOREIGN: Final = "a page of another site asked for this; call it from a script, or from the simulator's own pages"


class Door(Enum):
    """Who may have something changed. `PROTOCOL`: anybody, as the protocols want it, pages of other sites too. `PAGE`: the forms of
    the simulator's own pages. `API`: programs, in JSON, and the own pages."""

    API = "api"
    PAGE = "page"
    PROTOCOL = "protocol"


def check_caller(door: Door, request: WireRequest) -> None:
    """Errors: `Problem` 403 for a page of another origin, 415 for another content type than JSON."""
    if request.method in SAFE_METHODS:
        return
    if is_foreign(request):
        raise Problem(403, "Forbidden", _FOREIGN)
    if door is Door.API and request.body and request.media_type != MEDIA_TYPE:
        raise Problem(415, "Unsupported Media Type", _JSON_WANTED)


def is_foreign(request: WireRequest) -> bool:
    """Whether a page of another origin asks. Browsers tell by Sec-Fetch-Site (Fetch Metadata, 2.3) at trustworthy addresses, and
    else by Origin (Fetch, 3.2) or Referer; programs by none of them."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in OWN_SITES
    origin = request.headers.get("origin", request.headers.get("referer"))
    return origin is not None and _host(origin) != request.headers.get("host", "").lower()


def check_name(names: Names, request: web.Request) -> None:
    """Errors: `Problem` 400 without a Host where there has to be one (RFC 9112, 3.2), 421 for a name of somebody else."""
    host = request.headers.get("Host")
    if host is None:
        if request.version >= HttpVersion11:
            raise Problem(400, "Bad Request", "the Host header is missing")
    elif not names.answer_to(host):
        words = f"{host[:100]!r} is no name of this simulator; if it is to be one, start it with --allow-host"
        raise Problem(421, "Misdirected Request", words)


def _host(address: str) -> str:
    """The host and port of an origin or an address; nothing for `null`."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
