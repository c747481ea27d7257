"""A payment gateway of somebody else's, as small as one can be: it takes purchases in JSON, keeps a session in a cookie, and sends
the browser through pages of its own. Standard library only, but for the 3DS Server that it is built on.
"""

import json
import threading
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.third_party import ThreeDSServer, base64url, from_base64url, post_json

FORM = (
    "<!doctype html><title>Your bank</title><h1>Your bank asks something</h1>"
    '<form method="post" action="{url}"><input type="hidden" name="creq" value="{creq}">'
    '<input type="hidden" name="threeDSSessionData" value="{data}"><button>Go on</button></form>'
    "<script>document.forms[0].submit()</script>"
)
IN_A_FRAME = (
    "<!doctype html><title>Pay</title><h1>Librairie</h1>"
    "<iframe title=bank width=400 height=500 src='/bank/{order}'></iframe>"
)


class GatewayUnderTest:
    """`answers`: how it answers a purchase that the bank wants to see: `redirect`, `json`, `page` or `frame`. `refuses_cres`: the
    mistake of not taking what the browser brings."""

    def __init__(self, directory_server: str, answers: str = "redirect") -> None:
        self.server = ThreeDSServer()
        self.answers = answers
        self.refuses_cres = False
        self.asked: list[dict[str, Any]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.cookies: list[str] = []
        self._directory_server = directory_server
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/pay":
                    self.reply(*outer.pay(json.loads(body)))
                else:
                    outer.cookies.append(self.headers.get("Cookie", ""))
                    fields = dict(urllib.parse.parse_qsl(body.decode()))
                    self.reply(*outer.back(fields))

            def do_GET(self) -> None:
                self.reply(*outer.page(self.path.rpartition("/")[2]))

            def reply(self, status: int, body: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self.server.close()

    def pay(self, wish: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
        self.asked.append(wish)
        areq = self.server.areq(
            wish["pan"],
            wish["version"],
            purchaseAmount=wish["amount"],
            notificationURL=self.base + "/back",
            **{name: value for name, value in wish["elements"].items() if name != "purchaseAmount"},
        )
        ares = post_json(f"{self._directory_server}/{wish['scheme']}/3ds2", areq)
        if ares.get("transStatus") != "C":
            return _json({"status": ares.get("transStatus"), "errorCode": ares.get("errorCode")})
        order = uuid.uuid4().hex
        self.orders[order] = ares
        return self._challenge(order, ares)

    def _challenge(self, order: str, ares: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
        if self.answers == "json":
            creq = base64url(self.server.creq(ares))
            return _json({"status": "C", "acsURL": ares["acsURL"], "creq": creq, "threeDSSessionData": order})
        if self.answers == "page":
            return self.page(order)
        if self.answers == "frame":
            return 200, IN_A_FRAME.format(order=order), {"Content-Type": "text/html"}
        return 302, "", {"Location": f"/bank/{order}"}

    def page(self, order: str) -> tuple[int, str, dict[str, str]]:
        ares = self.orders[order]
        page = FORM.format(url=ares["acsURL"], creq=base64url(self.server.creq(ares)), data=order)
        cookie = f"session={order}; Path=/; HttpOnly; SameSite=None"
        return 200, page, {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookie}

    def back(self, fields: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        cres = from_base64url(fields["cres"])
        if self.refuses_cres or self.orders[fields["threeDSSessionData"]]["acsTransID"] != cres["acsTransID"]:
            return 400, "no such order", {"Content-Type": "text/plain"}
        return 200, "<!doctype html><title>Thank you</title><h1>Thank you</h1>", {"Content-Type": "text/html"}


def _json(document: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
    return 200, json.dumps(document), {"Content-Type": "application/json"}


@contextmanager
def gateway_under_test(directory_server: str, answers: str = "redirect") -> Iterator[GatewayUnderTest]:
    gateway = GatewayUnderTest(directory_server, answers)
    try:
        yield gateway
    finally:
        gateway.close()
