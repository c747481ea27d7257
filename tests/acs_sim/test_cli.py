"""The command line, as a shell sees it."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ACS_SIM_")}


def acs_sim(*arguments, cwd=ROOT, **environment):
    return subprocess.run(
        [sys.executable, "-m", "acs_sim", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        cwd=cwd,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), **environment},
    )


def test_help_imports_neither_aiohttp_nor_sqlalchemy():
    code = "import sys; from acs_sim.commands.cli import main; main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_SECONDS, cwd=ROOT
    )
    assert "up" in done.stdout
    for heavy in ("'aiohttp'", "'sqlalchemy'", "'structlog'", "'jinja2'", "'alembic'", "'lxml'"):
        assert heavy not in done.stdout.splitlines()[-1]


def test_help_costs_little_more_than_the_start_of_python():
    """In processor time, of which any machine needs more for both."""
    rounds = [(cost("-c", "pass"), cost("-m", "acs_sim", "--help")) for _ in range(3)]
    assert min(ours for _, ours in rounds) < 20 * min(bare for bare, _ in rounds), rounds


def cost(*arguments):
    """Processor seconds of a Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, timeout=PATIENCE_SECONDS, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_cards_are_a_table_for_people_and_json_for_programs():
    table = acs_sim("cards", "--scheme", "visa")
    assert "4000000001000001" in table.stdout
    assert "SecureCode by SMS" in table.stdout
    assert "bad-signature" in acs_sim("cards", "--version", "1.0.2").stdout
    cards = json.loads(acs_sim("cards", "--json").stdout)
    assert {"pan", "expiry", "scheme", "scenario", "versions", "phone", "description"} == set(cards[0])
    assert {card["scheme"] for card in cards} >= {"visa", "mastercard", "amex", "cb"}


def test_a_scheme_that_does_not_exist_is_named_with_those_that_do():
    done = acs_sim("cards", "--scheme", "vise")
    assert (done.returncode, "vise" in done.stderr, "mastercard" in done.stderr) == (2, True, True)


def test_the_settings_in_use_can_be_printed(tmp_path):
    (tmp_path / "acs-sim.toml").write_text("seed = 7\n")
    done = acs_sim("up", "--print-config", "--port-base", "9000", cwd=tmp_path, ACS_SIM_HOST="0.0.0.0")
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "port-base = 9000 # flag" in lines
    assert 'host = "0.0.0.0" # environment' in lines
    assert "seed = 7 # acs-sim.toml" in lines
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["up", "demo", "phone"])
def test_a_setting_that_cannot_be_used_is_one_clear_line_and_no_traceback(tmp_path, command):
    arguments = ("phone", "wait", "+33639981101") if command == "phone" else (command,)
    done = acs_sim(*arguments, cwd=tmp_path, ACS_SIM_PORT_BASE="eight")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ACS_SIM_PORT_BASE (environment): Expected `int`")


class Phone(BaseHTTPRequestHandler):
    """Answers as docs say: the message that arrived last, or the first after `after`; 204 when none came in time."""

    messages: ClassVar[list]
    asked: ClassVar[list]

    def do_GET(self):
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.asked.append((urlsplit(self.path).path, query))
        if urlsplit(self.path).path.startswith("/api/phones/12"):
            return self.reply(400, {"title": "Bad Request", "detail": "12 is no phone number"})
        found = [one for one in self.messages if one["id"] > query.get("after", "")]
        if not found and float(query["wait"]) > 0 and len(self.asked) < 4:
            self.messages.append({"id": "3", "code": "407115"})
            found = self.messages[-1:]
        return self.reply(200, found[-1]) if found else self.reply(204, None)

    def reply(self, status, document):
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def phone():
    handler = type("ThisPhone", (Phone,), {"messages": [], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()
        thread.join()


def wait_for_code(phone, *arguments):
    return acs_sim("phone", "wait", *arguments, ACS_SIM_PHONE_URL=phone.url, ACS_SIM_ONLY="desk")


def test_a_code_that_has_arrived_is_printed_at_once(phone):
    phone.messages.append({"id": "1", "code": "123456"})
    done = wait_for_code(phone, "+33639981101")
    assert (done.stdout, done.returncode) == ("123456\n", 0)
    assert phone.asked[0][0] == "/api/phones/%2B33639981101/latest"


def test_a_code_that_is_still_to_come_is_waited_for(phone):
    assert wait_for_code(phone, "+33639981101").stdout == "407115\n"


def test_a_message_without_a_code_is_passed_over(phone):
    phone.messages.append({"id": "1", "code": None})
    assert wait_for_code(phone, "+33639981101").stdout == "407115\n"
    assert phone.asked[1][1]["after"] == "1"


def test_a_new_code_can_be_asked_for(phone):
    phone.messages.append({"id": "1", "code": "123456"})
    assert wait_for_code(phone, "+33639981101", "--new").stdout == "407115\n"


def test_no_code_in_time_is_an_error(phone):
    phone.asked.extend([None] * 4)
    done = wait_for_code(phone, "+33639981101", "--timeout", "0.2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no SecureCode came to +33639981101 within 0.2 seconds" in done.stderr


def test_what_the_phone_refuses_is_told_in_its_words(phone):
    done = wait_for_code(phone, "12")
    assert (done.returncode, done.stderr) == (1, "Error: the phone refuses: 12 is no phone number\n")


def test_a_phone_that_does_not_run_is_named():
    done = acs_sim("phone", "wait", "+33639981101", ACS_SIM_PHONE_URL="http://127.0.0.1:1", ACS_SIM_ONLY="desk")
    assert (done.returncode, "the phone at http://127.0.0.1:1 does not answer" in done.stderr) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_gracefully(tmp_path, number):
    from tests.support.process import simulator

    with simulator("--only", "desk", "--data", str(tmp_path), checkout=ROOT) as running:
        running.process.send_signal(number)
        output, _ = running.process.communicate(timeout=PATIENCE_SECONDS)
    assert (running.process.returncode, output) == (0, "stopped\n")


WINDOWS = """
import asyncio, sys

def missing(*_):
    raise NotImplementedError

asyncio.SelectorEventLoop.add_signal_handler = asyncio.SelectorEventLoop.remove_signal_handler = missing
sys.modules["uvloop"] = None
"""
"""What its loops have not."""


def test_it_starts_and_stops_where_loops_handle_no_signals(tmp_path, monkeypatch):
    from tests.support.process import simulator

    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    with simulator("--only", "desk", "--fresh", checkout=ROOT) as running:
        running.process.send_signal(signal.SIGINT)
        output, _ = running.process.communicate(timeout=PATIENCE_SECONDS)
    assert (running.process.returncode, output) == (0, "stopped\n")


def test_a_port_in_use_is_one_clear_line():
    from tests.support.process import simulator

    with simulator("--only", "desk", "--fresh", checkout=ROOT) as running:
        done = acs_sim("up", "--only", "desk", "--fresh", "--port-base", str(running.base))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"acs-sim cannot start: Desk: port {running.base} of 127.0.0.1 is in use. Try another --port-base."
    ]


def test_the_start_screen_says_what_to_open():
    from tests.support.process import simulator

    with simulator("--only", "desk", "--fresh", checkout=ROOT) as running:
        screen = "".join(running.output)
    assert f"http://127.0.0.1:{running.base}/demo" in screen
    assert "4000 0000 0100 0001" in screen
    assert screen.endswith("\nready\n")
    assert len(screen.splitlines()) == 6


def test_what_crosses_is_printed_as_json_behind_ready():
    import urllib.request

    from tests.support.process import simulator

    with simulator("--only", "ds,desk", "--fresh", "--json", checkout=ROOT) as running:
        address = f"http://127.0.0.1:{running.base + 100}/visa/3ds2"
        message = urllib.request.Request(address, b'{"messageType":"AReq"}', {"Content-Type": "application/json"})
        urllib.request.urlopen(message, timeout=PATIENCE_SECONDS).close()
        printed = [json.loads(running.process.stdout.readline()) for _ in range(2)]
    assert [(one["to"], one["kind"]) for one in printed] == [("Directory Server", "AReq"), ("3DS Server", "Erro")]


def test_demo_prints_the_split_screens_address():
    from tests.support.ports import free_port_base

    base = free_port_base()
    command = [
        sys.executable,
        "-m",
        "acs_sim",
        "demo",
        "--only",
        "desk",
        "--fresh",
        "--no-open",
        "--port-base",
        str(base),
    ]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT) as process:
        for line in process.stdout:
            lines.append(line.strip())
            if line == "ready\n":
                process.terminate()
    assert f"The split screen: http://127.0.0.1:{base}/demo" in lines
