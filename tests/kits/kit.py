"""A kit in an interpreter of its own, asked in lines of JSON; and the shop's server that hears what the payment page tells."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from tests.kits.installed import kits
from tests.support.patience import PATIENCE_SECONDS

DRIVERS = Path(__file__).parent / "drivers"


class Kit:
    """One driver; it lives as long as the tests of its module."""

    def __init__(self, driver: str) -> None:
        program = [shutil.which("php") or "php"] if driver.endswith(".php") else [sys.executable, "-W", "ignore"]
        self._process = subprocess.Popen(
            [*program, str(DRIVERS / driver), str(kits())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **told: Any) -> dict[str, Any]:
        """What the kit answers to `do`."""
        self._process.stdin.write(json.dumps({"do": do, **told}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the kit has ended"
        return json.loads(line)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)
        self._process.stdout.close()


@contextmanager
def kit(driver: str) -> Iterator[Kit]:
    found = Kit(driver)
    try:
        yield found
    finally:
        found.close()


@dataclass
class Heard:
    method: str
    path: str
    query: str
    body: str


class ShopServer:
    """Hears the server's answers, each as it came, and replies `reply` to all."""

    def __init__(self) -> None:
        self.reply = b""
        self.heard: Queue[Heard] = Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.hear(self.rfile.read(int(self.headers["Content-Length"])).decode("latin-1"))

            def do_GET(self) -> None:
                self.hear("")

            def hear(self, body: str) -> None:
                path, _, query = self.path.partition("?")
                outer.heard.put(Heard(self.command, path, query, body))
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.reply)))
                self.end_headers()
                self.wfile.write(outer.reply)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def told(self) -> Heard:
        return self.heard.get(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
