"""The load generator: what it reads, what it counts, and one run of it all."""

import asyncio
import json
import sys
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from acs_sim.commands.bench.challenge import hidden_fields, rres
from acs_sim.commands.bench.connection import AnswerReader
from acs_sim.commands.bench.figures import Figures, median_ratio, percentile
from acs_sim.commands.bench.load import JourneyFailed, at_rate, saturate
from acs_sim.commands.bench.report import plot, table
from acs_sim.commands.bench.subjects import NotOurs, running_simulator
from acs_sim.commands.cli import main
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS

MEASURED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize(("written", "status"), [(MEASURED, 200), (CHUNKED, 503)])
def test_an_answer_is_read_however_it_is_cut(written, status):
    for cut in range(1, len(written)):
        reader = AnswerReader()
        assert reader.feed(written[:cut]) is None
        answer = reader.feed(written[cut:])
        assert (answer.status, answer.body) == (status, b"hello")


def test_a_percentile_is_a_value_that_was_measured():
    assert [percentile([1, 2, 3, 4], which) for which in (50, 75, 99, 100)] == [2, 3, 4, 4]
    assert percentile([], 99) == 0


def test_a_ratio_is_the_median_of_those_inside_the_rounds():
    assert median_ratio([10, 1, 30], [10, 2, 10]) == 1


async def test_at_a_fixed_rate_a_stall_delays_everything_behind_it():
    """What was due while the server stood still is late, not left out."""
    stalls = iter([0.2])

    async def journey():
        await asyncio.sleep(next(stalls, 0))

    samples = await at_rate([journey], rate=100, seconds=0.2)
    assert len(samples.latencies) == 20
    assert sorted(samples.latencies)[10] > 0.05


async def test_a_journey_that_fails_is_counted_and_its_words_kept():
    async def journey():
        raise JourneyFailed("no")

    samples = await saturate([journey], seconds=PATIENCE_SECONDS, most=3)
    assert (samples.failed, samples.errors, samples.latencies) == (3, ["no"] * 3, [])


def test_hidden_fields_are_found_and_unescaped():
    page = b'<form><input type="hidden" name="page" value="1.a&amp;b"><input name="code"></form>'
    assert hidden_fields(page) == {"page": "1.a&b"}


def test_an_rreq_is_acknowledged_with_its_identifiers():
    document = json.loads(rres({"messageVersion": "2.2.0", "dsTransID": "d", "transStatus": "Y"}))
    assert document == {"messageType": "RRes", "resultsStatus": "01", "messageVersion": "2.2.0", "dsTransID": "d"}


async def test_nobody_elses_machine_is_loaded():
    with pytest.raises(NotOurs, match=r"192\.0\.2\.1"):
        async with running_simulator(Settings(ds_url="http://192.0.2.1:8100")):
            pass


def test_figures_are_a_table_and_a_picture():
    row = Figures(
        "a<b", "challenge", 20.0, 5, 1, 1.0, 5.0, {"p50": 1.0, "p90": 2.0, "p99": 250.0, "p99.9": 300.0}, 900.0, 90.0
    )
    assert "a<b" in table([row])
    assert ElementTree.fromstring(plot([row])).tag.endswith("svg")


@pytest.mark.skipif(sys.platform == "win32", reason="processes are held to processors in another way there")
def test_a_short_run_measures_whole_challenges(tmp_path):
    report, picture = tmp_path / "b.json", tmp_path / "b.svg"
    short = ("--flow", "challenge", "--connections", "2", "--requests", "2", "--seconds", "300")
    done = CliRunner().invoke(main, ["bench", *short, "--json", str(report), "--plot", str(picture)])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(report.read_text())["figures"]
    assert (row["flow"], row["done"], row["failed"]) == ("challenge", 2, 0)
    assert picture.read_text().startswith("<svg")


def short_run(tmp_path, *flags):
    report = tmp_path / "b.json"
    short = ("--flow", "frictionless", "--connections", "2", "--requests", "4", "--seconds", "60")
    done = CliRunner().invoke(main, ["bench", *short, *flags, "--json", str(report)])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(report.read_text())["figures"]
    return row["name"], row["done"], row["failed"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are held to processors in another way there")
def test_directory_server_and_issuer_are_measured_in_two_processes(tmp_path):
    assert short_run(tmp_path, "--apart") == ("acs-sim, apart", 4, 0)


def test_several_workers_are_measured_on_a_database_that_is_gone_afterwards(tmp_path, postgresql):
    def databases():
        with postgresql.connection("postgres") as connection:
            return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}

    assert short_run(tmp_path, "--workers", "2", "--database", postgresql.url("postgres")) == ("acs-sim", 4, 0)
    assert not [name for name in databases() if name.startswith("acs_sim_")]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--workers", "2"], "SQLite has one writer"),
        (["--apart", "--tls"], "without --workers and --tls"),
        (["--database", "postgresql://nobody@127.0.0.1:1/x"], "127.0.0.1:1/x"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(flags, words):
    done = CliRunner().invoke(main, ["bench", *flags])
    assert done.exit_code != 0
    assert words in done.output
