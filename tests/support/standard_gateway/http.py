"""The smallest web server and client that a gateway needs, on the standard library."""

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

MAX_BODY = 1 << 20
Fields = dict[str, str]
COOKIE = "(cookie)"
"""The field in which a handler finds the cookies of the request."""


class Reply(NamedTuple):
    status: int
    body: str
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None
    cookie: str | None = None


class Unreachable(Exception):
    """No usable answer came."""


def page(title: str, body: str) -> Reply:
    return Reply(200, f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>{body}')


def as_json(document: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document), "application/json; charset=utf-8")


def exchange(method: str, url: str, document: Any = None, *, seconds: float = 20.0) -> tuple[int, bytes]:
    """Errors: `Unreachable`."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
    try:
        connection.request(method, parts.path or "/", body, headers)
        answer = connection.getresponse()
        content = answer.read(MAX_BODY * 8)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable("an encoding that nobody asked for")
    return answer.status, content


class Server:
    """`answer(method, path, body, form)`: called in a thread of its own for every request."""

    def __init__(self, answer: Callable[[str, str, bytes, Fields], Reply]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self.reply(b"")

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(min(length, MAX_BODY))
                if len(body) < length:
                    self.close_connection = True  # broken off: half a message is none
                    return
                self.reply(body)

            def reply(self, body: bytes) -> None:
                parts = urllib.parse.urlsplit(self.path)
                told = body.decode("utf-8", "replace") if self._is_form() else parts.query
                form = {**dict(urllib.parse.parse_qsl(told)), COOKIE: str(self.headers.get("Cookie", ""))}
                reply = answer(self.command, parts.path, body, form)
                content = reply.body.encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Cache-Control", "no-store")
                if reply.location is not None:
                    self.send_header("Location", reply.location)
                if reply.cookie is not None:
                    self.send_header("Set-Cookie", reply.cookie)
                self.end_headers()
                self.wfile.write(content)

            def _is_form(self) -> bool:
                return str(self.headers.get("Content-Type", "")).startswith("application/x-www-form-urlencoded")

            def log_message(self, *_arguments: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_arguments: object) -> None:
                """A peer that hangs up is no news."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
