"""`acs-sim tail` and `trigger`: the messages of a simulator that runs, as they cross, and one flow for a gateway."""

import json
import ssl
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import click

from acs_sim.commands.simulator import NoSimulator, Where, about_a_simulator, reached, told

SILENCE_SECONDS: Final = 60.0
"""The desk says every quarter of a minute that it is still there."""
COLOURS: Final = {"good": "green", "bad": "red", "wait": "yellow"}


@click.command("tail")
@click.option("--failed", is_flag=True, help="Only bad news: Erro, N, U, R, what did not arrive.")
@click.option("--card", metavar="PAN", help="Only what belongs to this card.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, for programs.")
@about_a_simulator
def tail_command(where: Where, card: str | None, *, failed: bool, as_json: bool) -> None:
    """Print one line a message as it crosses a hop, until Ctrl-C."""
    at, tls = where.found()
    tell = telling(at.desk, as_json=as_json)
    with reached():
        for entry in wanted(following(at.desk, tls), card, failed=failed):
            tell(entry)


@click.command("trigger")
@click.argument("scenario")
@click.option("--to", "results_url", metavar="URL", required=True, help="Where your gateway takes the RReq.")
@click.option("--notification", "notification_url", metavar="URL", help="Where it takes the CRes from the browser.")
@click.option("--id", "given", multiple=True, metavar="NAME=VALUE", help="An identifier that your gateway knows.")
@click.option("--scheme", default="visa", show_default=True)
@about_a_simulator
def trigger_command(scenario: str, scheme: str, where: Where, **wish: Any) -> None:
    """Send one flow of a scenario to a gateway: the RReq, and the CRes, of a payment that the simulator plays with itself.

    Exit status 1 when the gateway answers otherwise than the reference gateway did, 2 when it cannot be played.
    """
    from acs_sim.scenarios.replay.command import Again, CannotDo, play_again
    from acs_sim.scenarios.replay.own import own_payment
    from acs_sim.transcripts.difference import told as lines_of

    at, tls = where.found()
    with reached(), told(CannotDo, by=NoSimulator):
        lines, changes = play_again(own_payment(at, scheme, scenario, tls), Again(tls=tls, **wish))
    for line in (*lines, *(line for change in changes for line in lines_of(change))):
        click.echo(line)
    sys.exit(1 if changes else 0)


def telling(desk: str, *, as_json: bool) -> Callable[[Mapping[str, Any]], None]:
    """What prints a message."""

    def tell(entry: Mapping[str, Any]) -> None:
        click.echo(json.dumps(entry) if as_json else line_of(entry, desk))

    return tell


def following(desk: str, tls: ssl.SSLContext | None) -> Iterator[dict[str, Any]]:
    """What crosses the hops of a simulator from now on. Errors: `NoAnswer`."""
    from acs_sim.client.asking import NoAnswer

    try:
        with urllib.request.urlopen(f"{desk}/api/events", timeout=SILENCE_SECONDS, context=tls) as events:  # noqa: S310
            for line in events:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))
    except OSError as error:
        words = f"the desk at {desk} does not answer: {getattr(error, 'reason', error)}"
        raise NoAnswer(words, silent=True) from error


def wanted(entries: Iterable[dict[str, Any]], card: str | None, *, failed: bool) -> Iterator[dict[str, Any]]:
    """Those of a card are known by its number in their first message."""
    from acs_sim.desk.transactions.diagram import tone
    from threedsecure.cards.card_numbers import mask

    shown = None if card is None else mask("".join(card.split()))
    own: set[str] = set()
    for entry in entries:
        message = entry["message"]
        if shown is not None and shown in (message.get("acctNumber"), message.get("pan")):
            own.add(entry["transaction_id"])
        bad = tone(entry["kind"], message, entry.get("facts") or {}) == "bad"
        if (shown is None or entry["transaction_id"] in own) and (not failed or bad):
            yield entry


def line_of(entry: Mapping[str, Any], desk: str) -> str:
    """A message on one line, coloured by what it says."""
    from acs_sim.desk.transactions.diagram import gist, tone

    kind, message, name = entry["kind"], entry["message"], entry["transaction_id"]
    facts = entry.get("facts") or {}
    said = click.style(f"{kind} {gist(kind, message, facts)}".strip(), fg=COLOURS.get(tone(kind, message, facts)))
    way = f"{entry['from']} → {entry['to']}" if entry["from"] else ""
    where = click.style(f"{desk}/transactions/{name}", dim=True) if name else ""
    return "  ".join(filter(None, (entry["at"][11:23], f"{way:<32}", said, where)))


COMMANDS: Final = (tail_command, trigger_command)
