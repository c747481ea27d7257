"""Several simulators behind the same ports: each but the first is a namespace and has a path of its own there, `/~NAME/…`.

A gateway, a browser and a script find it by its address alone, so nobody has to learn a header. What belongs to it is decided
once, at the edge: its application stands under its path in the router of the port's own one, its straight routes in the table of
the edge, and the links of its pages are led back into it as they go out. Whoever names no namespace passes none of this."""

import asyncio
import re
from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractResource, UrlMappingMatchInfo
from yarl import URL

from threedsecure.addresses import namespace_of
from threedsecure.web.serving.edge import DISPATCHER, HEADS, STRAIGHT
from threedsecure.web.wire import WireResponse

_LINK: Final = re.compile(rb'(\s(?:href|src|action|formaction|data-(?:answer|events|flight|live|poll))=")(?=/(?!/))')
"""Of a page: what it leads to on its own host."""
_PAGE: Final = "text/html"
FINISH_SECONDS: Final = 2.0
LOOK_AGAIN_SECONDS: Final = 0.01


class Ways(AbstractResource):
    """The ways into the namespaces behind one port: a resource of the router of the port's own application."""

    def __init__(self, own: web.Application) -> None:
        super().__init__()
        self._own = own
        self._apps: dict[str, web.Application] = {}
        self.asked: dict[str, int] = {}
        """How often something was asked of each beyond what the edge answers straight."""

    async def opened(self, name: str, app: web.Application) -> None:
        """From now on `app`, whose routes stand under its path, answers there."""
        app.freeze()
        await app.startup()
        self._own[STRAIGHT].update(app[STRAIGHT].items())
        self._apps[name], self.asked[name] = app, 0

    async def closed(self, name: str) -> None:
        """Nobody is let in any more; streams end, other answers that are under way get FINISH_SECONDS."""
        app = self._apps.pop(name)
        del self.asked[name]
        for path in app[STRAIGHT]:
            del self._own[STRAIGHT][path]
        self._own[HEADS].clear()  # a head that was read may lead there
        await app.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                while app[DISPATCHER].under_way:  # noqa: ASYNC110 - whoever answers last has nobody to tell
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await app.cleanup()

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        name = namespace_of(request.rel_url.path_safe)
        app = None if name is None else self._apps.get(name)
        if name is None or app is None:
            return None, set()
        self.asked[name] += 1
        found = await app.router.resolve(request)
        found.add_app(app)
        return found, set()

    @property
    def canonical(self) -> str:
        return "/"

    def add_prefix(self, prefix: str) -> None:
        raise NotImplementedError

    def url_for(self, **kwargs: str) -> URL:
        raise NotImplementedError

    def get_info(self) -> Any:
        return {"path": self.canonical}

    def raw_match(self, path: str) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Any:
        return iter(())


WAYS: Final = web.AppKey("ways", Ways)


def led_back(response: WireResponse, namespace: str) -> WireResponse:
    """What leads to an address without a host leads to the same one within `namespace`, a path. Templates and handlers write all
    addresses as if there were no namespaces; what stands in a page as text has its quotation marks escaped, and is left alone."""
    location = response.headers.get("Location", "")
    if location.startswith("/") and not location.startswith("//"):
        response.headers = {**response.headers, "Location": namespace + location}
    if response.chunks is None and response.content_type.startswith(_PAGE):
        response.body = _LINK.sub(rb"\1" + namespace.encode(), response.body)
    return response


def unknown(path: str) -> str | None:
    """Why there is nothing at `path`, where it names a namespace that is not there."""
    name = namespace_of(path)
    return (
        None
        if name is None
        else f"there is no namespace {name!r} here; PUT /api/namespaces/{name} at the desk makes one"
    )
