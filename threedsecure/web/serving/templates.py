"""Server-rendered pages: a Jinja2 environment that escapes everything and refuses unknown names."""

from functools import cache
from importlib.resources import files
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined


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
