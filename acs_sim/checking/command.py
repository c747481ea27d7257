"""`acs-sim check`: message files held against the specification, offline."""

import sys
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acs_sim.checking.files import Checked

MAX_BYTES = 1 << 26


@click.command("check")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.File("rb"))
@click.option(
    "--as", "message_type", metavar="TYPE", help="Read them as AReq, ARes, CReq …, whatever their messageType."
)
@click.option(
    "--root",
    metavar="PEM",
    type=click.File("rb"),
    help="The root under which a PARes has to be signed; else the one in it.",
)
@click.option(
    "--rules-as-of",
    metavar="today|DATE",
    help="Refuse an AReq, too, for what schemes want from a day on, as it is on that day.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: one array, an object per file.")
def check_command(
    files: tuple[IO[bytes], ...],
    message_type: str | None,
    root: IO[bytes] | None,
    rules_as_of: str | None,
    *,
    as_json: bool,
) -> None:
    """Hold messages against the specification, offline.

    A FILE is a message in JSON (2.x) or XML (1.0.2), or the value of a form field creq, cres, threeDSMethodData, PaReq or PaRes;
    `-` is standard input. Names every offending element of all stages: what was found, what is allowed, and where that is said.
    The signature of a PARes is verified. Advice is no error. An AReq and the messages of its transaction, given together, are held
    against each other. Exit status 1 when there is any error.
    """
    from acs_sim.checking.files import check_all, known_types
    from acs_sim.checking.report import as_documents, as_text
    from acs_sim.checking.signatures import read_roots

    if message_type is not None and message_type not in known_types():
        raise click.UsageError(f"--as {message_type}: no such message; there are {', '.join(known_types())}")
    try:
        roots = read_roots(root.read(MAX_BYTES)) if root else ()
    except ValueError as error:
        raise click.UsageError("--root: no certificate in PEM") from error
    checked = check_all(
        [(_name(file), file.read(MAX_BYTES + 1)) for file in files], message_type, roots, _day(rules_as_of)
    )
    click.echo(as_documents(checked) if as_json else as_text(checked))
    sys.exit(_status(checked))


def _day(rules_as_of: str | None) -> str | None:
    from threedsecure.v2.validation.as_of import NONE, day_of, written

    try:
        return day_of(written(rules_as_of or NONE), datetime.now(UTC))
    except ValueError as error:
        raise click.UsageError(f"--rules-as-of {rules_as_of}: today, or a date such as 2026-07-01") from error


def _name(file: IO[bytes]) -> str:
    name = getattr(file, "name", "-")
    return "standard input" if name in ("<stdin>", "-", 0) else str(name)


def _status(checked: "list[Checked]") -> int:
    return 1 if any(each.errors for each in checked) else 0
