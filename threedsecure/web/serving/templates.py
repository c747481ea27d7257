"""Server-rendered pages: a Jinja2 environment that escapes everything and refuses unknown names."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from threedsecure.web.wire import Problem, WireResponse, page


def environment(package: str) -> Environment:
    """The templates in `package`'s folder `templates`. The filter `static` gives the address of a file in its folder `static`: it
    changes with the content, because browsers keep static files for an hour."""
    found = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    folder = files(package) / "static"
    found.filters["static"] = cache(lambda name: f"/static/{name}?v={crc32((folder / name).read_bytes()):08x}")
    return found


def told(problem: Problem, accept: str, ways_on: Sequence[tuple[str, str]]) -> WireResponse:
    """What is the matter at an address that has no page: in JSON for programs, on a page with `ways_on`, words and addresses, for
    browsers. `accept`: what the caller takes; only browsers name HTML."""
    if "text/html" not in accept:
        return problem.response()
    html = _lost().render(status=problem.status, title=problem.title, detail=problem.detail, ways_on=ways_on)
    return page(html, problem.status)


@cache
def _lost() -> Template:
    return environment("threedsecure.web.serving").get_template("lost.html")
