"""The command line. Commands import what they run when they run, so that `--help` answers at once."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from acs_sim.checking.command import check_command
from acs_sim.commands import tail, transcripts
from acs_sim.commands.agents.command import mcp_command
from acs_sim.commands.bench.cli import bench
from acs_sim.commands.documents import docs_command
from acs_sim.commands.simulator import Where, about_a_simulator, reached, settings_of, told
from acs_sim.running import home
from acs_sim.settings.certificates import ROLES, WRONG

Command = TypeVar("Command", bound=Callable[..., Any])

PARTIES = "ds,acs,phone,desk,shop"

_UP_OPTIONS = (
    click.option("--host", help="Address to listen on.  [default: 127.0.0.1]"),
    click.option(
        "--allow-host", metavar="NAMES", help="More host names to answer to, comma-separated; others are answered 421."
    ),
    click.option("--port-base", type=int, help="Port of the desk; the others follow in steps of 100.  [default: 8000]"),
    click.option("--only", metavar="LIST", help=f"Run only these parties, comma-separated.  [default: {PARTIES}]"),
    click.option("--data", metavar="DIR", help="Folder of the databases and their key.  [default: data]"),
    click.option(
        "--database",
        metavar="PATH|URL",
        help="One SQLite file for all tables instead of one each in --data, or a postgresql:// address.",
    ),
    click.option("--key-file", metavar="PATH", help="The master key, where it is not the file key in --data."),
    click.option(
        "--workers", type=int, help="Processes that share the ports; more than one needs PostgreSQL.  [default: 1]"
    ),
    click.option(
        "--most-under-way",
        type=int,
        help="Requests that a party works on at a time; others are asked to come back.  [default: 2000]",
    ),
    click.option("--durable/--no-durable", default=None, help="Let what is committed survive a power cut."),
    click.option("--fresh/--no-fresh", default=None, help="Keep everything in memory and forget it at exit."),
    click.option(
        "--hostile/--no-hostile",
        default=None,
        help="Now and then, have everything go wrong that a correct gateway survives.",
    ),
    click.option("--keep", metavar="24h", help="Forget what ended longer ago than this.  [default: keep all]"),
    click.option("--tls/--no-tls", default=None, help="Serve every port over TLS; the desk hands out the authority."),
    click.option("--tls-trust", metavar="FILE", help="With --tls, more authorities to trust when calling others."),
    click.option(
        "--tls-wrong", metavar="PARTY=KIND,…", help="With --tls, parties that show a wrong certificate: ds=expired."
    ),
    click.option(
        "--tls-revocation", metavar="URL", help="With --tls, answer here who asks whether a certificate is revoked."
    ),
    click.option("--seed", type=int, help="Make identifiers and SecureCodes repeatable."),
    click.option("--desk-url", metavar="URL", help="Base address of the desk, when it is not host and port base."),
    click.option("--ds-url", metavar="URL", help="Base address of the directory server."),
    click.option("--acs-url", metavar="URL", help="Base address of the ACS."),
    click.option("--phone-url", metavar="URL", help="Base address of the phone."),
    click.option("--shop-url", metavar="URL", help="Base address of the shops and their gateway."),
    click.option(
        "--bank-domain", metavar="DOMAIN", help="Serve each bank's pages from a host of its own: BANK.DOMAIN."
    ),
    click.option(
        "--rules-as-of",
        metavar="today|DATE|none",
        help="Enforce the schemes' rules with a date as they are on that day.  [default: none]",
    ),
    click.option(
        "--issuer-decides", metavar="URL", help="Let your own service decide on every AReq.  [default: the card]"
    ),
    click.option(
        "--operations-url", metavar="URL", help="Where your 3DS Server takes an OReq.  [default: the gateway's]"
    ),
    click.option("--sdk-keys", metavar="DIR", help="Private keys KID.pem that apps encrypt their device data to."),
    click.option(
        "--aliases",
        metavar="PACKS",
        help="Card numbers of other systems to know, comma-separated, such as stripe,adyen.",
    ),
    click.option("--otlp-endpoint", metavar="URL", help="Export spans to this OpenTelemetry collector (OTLP/HTTP)."),
    click.option(
        "--e-transactions",
        multiple=True,
        metavar="NAME=VALUE,…",
        help="A shop of yours that pays as with e-transactions: site, rank, identifier, key. May be repeated.",
    ),
    click.option(
        "--monetico",
        multiple=True,
        metavar="NAME=VALUE,…",
        help="A shop of yours that pays as with Monetico: tpe, key, answer-url. May be repeated.",
    ),
    click.option("--log-format", metavar="FORMAT", help="auto, console or json.  [default: auto]"),
    click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [default: info]"),
)


class ScenarioPath(click.Path):
    """A file or folder, or a part of the library that comes with the simulator."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(home.beside(Path(value)), param, ctx)


def up_options(command: Command) -> Command:
    """Every setting as a flag, and the file that holds the others."""
    for option in reversed(_UP_OPTIONS):
        command = option(command)
    return click.option(
        "--config", type=click.Path(path_type=Path), help="Settings file.  [default: acs-sim.toml, when there is one]"
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="acs-sim", prog_name="acs-sim")
def main() -> None:
    """3-D Secure on your desk: directory server, ACS, the cardholder's phone and two shops.

    Start with `acs-sim up`, and open the address it prints. Every setting can also be an environment variable ACS_SIM_… or a key
    of acs-sim.toml.
    """


@main.command()
@up_options
@click.option("--print-config", is_flag=True, help="Show the settings and where each comes from, and stop.")
@click.option(
    "--quiet", is_flag=True, help="Do not print what crosses the hops, which a terminal shows a line a message."
)
@click.option("--json", "as_json", is_flag=True, help="Print what crosses the hops as JSON, to whatever reads it.")
def up(config: Path | None, *, print_config: bool, quiet: bool, as_json: bool, **flags: Any) -> None:
    """Start everything, print `ready` when it is, and then what crosses the hops, where one process serves."""
    from acs_sim.settings.settings import to_toml

    settings, sources = settings_of(flags, config)
    if print_config:
        click.echo(to_toml(settings, sources))
        return
    shown = not quiet and (as_json or sys.stdout.isatty())
    _run(settings, tell=tail.telling(settings.addresses.desk, as_json=as_json) if shown else None)


@main.command()
@up_options
@click.option(
    "--open/--no-open", "opens", default=None, help="Open a browser window.  [default: where there is a display]"
)
def demo(config: Path | None, *, opens: bool | None, **flags: Any) -> None:
    """Start everything, then the split screen: shop, phone, and the messages between them."""
    from acs_sim.settings.settings import has_display

    settings, _ = settings_of(flags, config)
    address = f"{settings.addresses.desk}/demo"
    _run(settings, demo=address, opens=has_display() if opens is None else opens)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As the control API gives them.")
@click.option("--scheme", help="Only this scheme's.")
@click.option("--scenario", help="Only this scenario's.")
@click.option("--version", help="Only those that know this version; 1.0.2 has a list of its own.")
@click.option(
    "--aliases", metavar="PACK", help="The cards under the names of another system instead, such as stripe or cardinal."
)
def cards(*, as_json: bool, scheme: str | None, scenario: str | None, version: str | None, aliases: str | None) -> None:
    """The test cards: number, expiry, phone, and what happens."""
    from acs_sim.client import aliases as other_names
    from acs_sim.client.card_list import as_table, listed_cards

    if aliases is not None and (scenario is not None or version is not None):
        raise click.UsageError("--aliases lists a whole pack: leave --scenario and --version out")
    with told(ValueError, by=click.UsageError):
        if aliases is not None:
            chosen = other_names.listed(aliases, scheme)
        else:
            chosen = listed_cards(scheme=scheme, scenario=scenario, version=version)
    if as_json:
        import json

        click.echo(json.dumps(chosen, indent=2))
    else:
        click.echo(as_table(chosen) if aliases is None else other_names.as_table(chosen))


@main.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=ScenarioPath(exists=True, path_type=Path))
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a JSON report.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report to look at: one file, with pictures.",
)
@click.option("--ctrf", type=click.Path(dir_okay=False, path_type=Path), help="Write a CTRF report (ctrf.io).")
@click.option(
    "--annotate", type=click.Choice(["github"]), help="Print what is wrong as annotations of this kind of build."
)
@click.option(
    "-k", "expression", metavar="EXPR", help="Only scenarios whose name, tags or file say so: 'otp and not slow'."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="Draw everything from this number: the same every time."
)
@click.option(
    "--running",
    is_flag=True,
    help="Play against the simulator that runs already (--url and the like say so, too), and not one of its own.",
)
@click.option(
    "--against", metavar="URL", help="Your gateway drives: it takes purchases here, the run is the cardholder."
)
@click.option(
    "--browser", is_flag=True, help="The cardholder has a real Chromium, and the report pictures of each step."
)
@click.option("--convict", is_flag=True, help="With --against, a gateway that does something against the book fails.")
@click.option(
    "--transcripts",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("transcripts"),
    show_default=True,
    help="Folder for the transcripts of what failed.",
)
@click.option("--every-transcript", is_flag=True, help="Keep the transcripts of what passed, too.")
@click.option(
    "--readiness",
    is_flag=True,
    help="With --against, play what a gateway has to have shown, and say whether it is ready.",
)
@click.option("--schema", "shows_schema", is_flag=True, help="Print the JSON Schema of a scenario file, and stop.")
@about_a_simulator
def run(
    paths: tuple[Path, ...],
    where: Where,
    json_file: Path | None,
    *,
    against: str | None,
    browser: bool,
    convict: bool,
    running: bool,
    readiness: bool,
    shows_schema: bool,
    **flags: Any,
) -> None:
    """Play the scenario files PATH..., and those in folders; exit 0 only when all pass, 2 when a file is wrong."""
    gc.disable()  # as in `_run`
    from acs_sim.scenarios.command import Wish, play_files, schema
    from acs_sim.scenarios.running import Means

    if shows_schema:
        click.echo(schema())
        return
    if readiness and (paths or against is None):
        raise click.UsageError("--readiness brings its own scenarios, and judges the gateway that --against names")
    if not paths and not readiness:
        raise click.UsageError("name a scenario file, or a folder of them")
    running = running or where.is_said
    at, tls = where.found("acs-sim run", plays=True) if running else (None, None)
    serving = settings_of({}, where.config)[0] if against is not None and not running else None
    means = Means(against, serving, browser, convict=convict)
    wish = Wish(paths, json=json_file, at=at, tls=tls, means=means, readiness=readiness, **flags)
    sys.exit(play_files(wish))


@main.command()
@click.option("--against", metavar="URL", help="Where your gateway takes purchases.  [default: the reference gateway]")
@click.option("--seed", type=int, default=1, show_default=True, help="The number that repeats it.")
@click.option("--plays", type=click.IntRange(min=1), help="So many payments.  [default: 300, or --minutes]")
@click.option("--minutes", type=click.FloatRange(min=0), help="So long.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report to look at.")
@click.option(
    "--muted", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File of mistakes that are known."
)
@click.option(
    "--stories",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("stories"),
    show_default=True,
    help="Folder for a scenario file of each mistake.",
)
@about_a_simulator
def explore(against: str | None, where: Where, **flags: Any) -> None:
    """Draw payments, misbehaviour and timing from a seed, judge the gateway, shrink what convicts it (exit 1)."""
    from acs_sim.scenarios.explore.command import Wish
    from acs_sim.scenarios.explore.command import explore as explore_gateway

    if where.is_said and where.namespace is None:
        raise click.UsageError("what explores moves the clock and forgets everything: have a --namespace for it there")
    at, tls = where.found("acs-sim explore", plays=True) if where.is_said else (None, None)
    serving = settings_of({}, where.config)[0] if against is not None and at is None else None
    sys.exit(explore_gateway(Wish(against=against, serving=serving, at=at, tls=tls, **flags)))


@main.group()
def phone() -> None:
    """The cardholder's phone, of a simulator that runs."""


@phone.command()
@click.argument("number")
@click.option("--timeout", type=click.FloatRange(min=0, max=3600), default=10.0, show_default=True, help="Seconds.")
@click.option("--new", "unseen", is_flag=True, help="Do not take a code that has arrived already.")
@about_a_simulator
def wait(number: str, timeout: float, where: Where, *, unseen: bool) -> None:
    """Print the next SecureCode sent to NUMBER (+33…), or the one that has just arrived."""
    from acs_sim.client.phone_wait import next_code

    at, tls = where.found()
    with reached(click.ClickException):
        code = next_code(at.phone, number, timeout, unseen=unseen, tls=tls)
    if code is None:
        raise click.ClickException(f"no SecureCode came to {number} within {timeout:g} seconds")
    click.echo(code)


@main.group()
def pki() -> None:
    """The simulator's certificate authority, for `acs-sim up --tls`."""


@pki.command()
@click.argument("name")
@click.option("--data", metavar="DIR", help="Folder of the simulator that is to know it.  [default: data]")
@click.option(
    "--host", "hosts", multiple=True, metavar="HOST", help="A name or an address it is called under; repeatable."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder to write to.")
@click.option("--as", "role", type=click.Choice([*ROLES]), default="3ds-server", show_default=True, help="Whose it is.")
@click.option("--wrong", type=click.Choice([*WRONG]), help="Mint one that has to be refused.")
@click.option("--tls-revocation", metavar="URL", help="Where it says that it is told whether it is revoked.")
@click.option("--password", help="Also write NAME.p12 with this password, for key stores that want PKCS #12.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file, to find the data folder.")
def issue(name: str, config: Path | None, data: str | None, tls_revocation: str | None, **wish: Any) -> None:
    """Mint a certificate for NAME: a gateway shows it to the directory server, and serves its own addresses with it."""
    from acs_sim.running.pki.issuing import CannotIssue, issue_files

    settings, _ = settings_of({"data": data}, config)
    revocation = tls_revocation or settings.tls_revocation
    with told(CannotIssue):
        written = issue_files(Path(settings.data), name, desk=settings.addresses.desk, revocation=revocation, **wish)
    for path in written:
        click.echo(path)


@main.group()
def db() -> None:
    """The databases of a simulator that does not run."""


def _database_options(command: Command) -> Command:
    for option in (
        click.option("--data", metavar="DIR", help="Folder of the databases.  [default: data]"),
        click.option("--database", metavar="PATH|URL", help="One SQLite file, or a postgresql:// address."),
        click.option("--config", type=click.Path(path_type=Path), help="Settings file."),
    ):
        command = option(command)
    return command


@db.command("status")
@_database_options
def db_status(config: Path | None, **flags: Any) -> None:
    """Say at which revision every party's tables are; exit 1 when this release cannot use them as they are."""
    from acs_sim.running.data.database_command import DatabaseUnusable, status

    with told(DatabaseUnusable):
        lines, usable = status(settings_of(flags, config)[0])
    click.echo("\n".join(lines))
    sys.exit(0 if usable else 1)


@db.command("upgrade")
@_database_options
def db_upgrade(config: Path | None, **flags: Any) -> None:
    """Bring the tables of an earlier release up to date. Stop every process that uses them first."""
    from acs_sim.running.data.database_command import DatabaseUnusable, SchemaNotSupported, upgrade

    with told(DatabaseUnusable, SchemaNotSupported):
        click.echo("\n".join(upgrade(settings_of(flags, config)[0])))


def _run(settings: Any, *, demo: str | None = None, opens: bool = False, tell: Any = None) -> None:
    gc.disable()  # what is imported stays; `spare_the_collector` enables it
    from acs_sim.running.serve import serve
    from acs_sim.running.stack import CannotStart

    try:
        serve(settings, demo=demo, opens=opens, tell=tell)
    except CannotStart as error:
        click.echo(f"acs-sim cannot start: {error}", err=True)
        sys.exit(1)


for command in (*transcripts.COMMANDS, *tail.COMMANDS, bench, check_command, docs_command, mcp_command):
    main.add_command(command)
