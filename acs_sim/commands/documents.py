"""`acs-sim docs`: the documents as a site of plain files, by the renderer of the desk."""

import posixpath
from pathlib import Path

import click


@click.command("docs")
@click.option(
    "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
def docs_command(folder: Path) -> None:
    """Write the documents as a site that any web server shows, or the browser from the disk."""
    from acs_sim.desk.documents import library

    for name in library.paths():
        _write(folder / _file(name), _page(name).encode())
    for name, path in library.pictures().items():
        _write(folder / "images" / name, path.read_bytes())
    _write_beside(folder)
    click.echo(folder / _file(library.FIRST))


def _write_beside(folder: Path) -> None:
    """What the pages share: their looks, and their search with what it searches."""
    import orjson

    from acs_sim.desk.documents import library
    from acs_sim.desk.pages.rendering import STATIC

    for name in ("desk.css", "desk.js", "documents.js", "mark.svg"):
        _write(folder / name, (STATIC / name).read_bytes())
    rows = [
        (_file(name) + (f"#{one.anchor}" if one.anchor else ""), one.title, one.heading, one.text)
        for name in library.paths()
        for one in library.sections(name)
    ]
    _write(folder / "index.js", b"const sections = " + orjson.dumps(rows) + b";\n")


def _page(name: str) -> str:
    from acs_sim.desk.documents import library
    from acs_sim.desk.documents.markdown import Places, rendered
    from acs_sim.desk.pages.rendering import render

    def address(other: str) -> str:
        return posixpath.relpath(other, posixpath.dirname(_file(name)) or ".")

    places = Places(lambda other: address(_file(other)), lambda picture: address(f"images/{picture}"))
    return render(
        "document_alone.html",
        found=rendered(name, places),
        contents=library.CONTENTS,
        titles=library.titles(),
        address=places.document,
        root="../" * name.count("/"),
    )


def _file(name: str) -> str:
    from acs_sim.desk.documents.library import FIRST

    return "index.html" if name == FIRST else f"{name}.html"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
