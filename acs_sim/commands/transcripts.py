"""`acs-sim transcript`, `diff` and `replay`: what they take, and what they print."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from acs_sim.commands.simulator import NoSimulator, Where, about_a_simulator, reached, told

SAME, DIFFERENT, UNUSABLE = 0, 1, 2
_WRITTEN: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("transcript")
@click.argument("identifier", metavar="ID")
@click.option("--output", "-o", type=_WRITTEN, help="Write it to a file instead of printing it.")
@click.option("--har", "archive", type=_WRITTEN, help="Write the HTTP legs as an HTTP Archive (HAR 1.2) instead.")
@about_a_simulator
def transcript_command(identifier: str, output: Path | None, archive: Path | None, where: Where) -> None:
    """One transaction as one file: every hop, decoded, with card numbers masked and codes hidden.

    ID is any identifier of a transaction of the simulator that runs, or the file of a transcript.
    """
    from acs_sim.transcripts.client import fetch
    from acs_sim.transcripts.document import NotATranscript, encode, read
    from acs_sim.transcripts.har import har

    with reached(), told(NotATranscript, by=NoSimulator):
        if Path(identifier).is_file():
            document = read(Path(identifier))
        else:
            at, tls = where.found()
            document = fetch(at.desk, identifier, tls)
    if archive is not None:
        _write(archive, encode(har(document)))
    if output is not None:
        _write(output, encode(document))
    if archive is None and output is None:
        click.echo(encode(document).decode(), nl=False)


@click.command("diff")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--ignore", "ignored", multiple=True, metavar="NAME", help="An element to leave out, besides volatile ones."
)
@click.option("--volatile", "everything", is_flag=True, help="Compare what the files declare volatile, too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def diff_command(first: Path, second: Path, ignored: tuple[str, ...], *, everything: bool, as_json: bool) -> None:
    """Compare two transcripts: hops that only one of them has, and elements that differ.

    What either declares volatile is left out. Identifiers count by what they stand for: two that are swapped differ. Exit status
    1 when something differs, 2 when a file is no transcript.
    """
    from acs_sim.transcripts.difference import differences
    from acs_sim.transcripts.document import NotATranscript, read

    try:
        changes = differences(read(first), read(second), ignored=ignored, everything=everything)
    except NotATranscript as error:
        _stop(str(error))
    _tell(changes, f"--- {first}\n+++ {second}", as_json=as_json)


@click.command("replay")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "results_url", metavar="URL", help="A gateway that takes the RReqs, instead of a simulator.")
@click.option("--notification", "notification_url", metavar="URL", help="With --to: where the browser brings the CRes.")
@click.option(
    "--id", "given", multiple=True, metavar="NAME=VALUE", help="With --to: an identifier that the gateway knows."
)
@click.option(
    "--card", metavar="SCENARIO|PAN", help="The card, when the file does not tell it or another one is wanted."
)
@click.option(
    "--running",
    is_flag=True,
    help="Play to the simulator that runs already (--url and the like say so, too); its clock is not moved.",
)
@click.option("--save", type=_WRITTEN, help="Write the new transcript.")
@click.option("--json", "as_json", is_flag=True, help="The differences, for programs.")
@about_a_simulator
def replay_command(file: Path, where: Where, *, as_json: bool, **wish: Any) -> None:
    """Play a transcript again and compare the answers with those in it.

    To a simulator: posts the messages of its gateway and plays its cardholder, with a new card of the same scenario. With --to, the
    other way round: brings its RReqs to a gateway. Identifiers are new ones, each the same wherever it stands. Exit status 1 when
    an answer differs, 2 when it cannot be played.
    """
    from acs_sim.scenarios.replay.command import Again, CannotDo, play_again
    from acs_sim.transcripts.document import NotATranscript, read

    at, tls = where.found(plays=True) if wish.pop("running") or where.is_said else (None, None)
    try:
        lines, changes = play_again(read(file), Again(at=at, tls=tls, **wish))
    except (NotATranscript, CannotDo) as error:
        _stop(str(error))
    for line in lines:
        click.echo(line, err=True)
    _tell(changes, f"--- {file}\n+++ played again", as_json=as_json)


def _tell(changes: list[Any], heading: str, *, as_json: bool) -> None:
    from acs_sim.transcripts.difference import told as lines_of

    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(changes)).decode())
    elif changes:
        click.echo(heading)
        for change in changes:
            click.echo("\n".join(lines_of(change)))
    else:
        click.echo("no difference")
    sys.exit(DIFFERENT if changes else SAME)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        _stop(f"{file}: cannot be written: {error.strerror}")


def _stop(words: str) -> Any:
    click.echo(words, err=True)
    sys.exit(UNUSABLE)


COMMANDS: Final = (transcript_command, diff_command, replay_command)
