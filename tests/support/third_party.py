"""A 3DS Server as a stranger would write it from the specification: the standard library only, every message typed by hand.

It shares no line with the simulator, so that a mistake made there cannot hide here.
"""

import base64
import html.parser
import json
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from tests.support.patience import PATIENCE_SECONDS


def post(url: str, body: bytes, content_type: str, tls: ssl.SSLContext | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS, context=tls) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def post_json(url: str, document: Any, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    return json.loads(post(url, json.dumps(document).encode(), "application/json; charset=utf-8", tls)[1])


def post_form(url: str, fields: dict[str, str], tls: ssl.SSLContext | None = None) -> str:
    return post(url, urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded", tls)[1]


def get_json(url: str, tls: ssl.SSLContext | None = None) -> Any:
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS, context=tls) as answer:
        return None if answer.status == 204 else json.loads(answer.read())


def base64url(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def from_base64url(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Page(html.parser.HTMLParser):
    """The first form of a page with its fields, and the words of the element with id `message`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.ids: set[str] = set()
        self.message = ""
        self._in_message = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        if "id" in named:
            self.ids.add(named["id"])
        if tag == "form" and not self.action:
            self.action = named.get("action", "")
        if tag == "input" and named.get("type", "text") in {"hidden", "text"} and "name" in named:
            self.fields[named["name"]] = named.get("value", "")
        if self._in_message or named.get("id") == "message":
            self._in_message += tag not in {"br", "input", "img"}

    def handle_endtag(self, _tag: str) -> None:
        if self._in_message:
            self._in_message -= 1

    def handle_data(self, data: str) -> None:
        if self._in_message:
            self.message += data


class ThreeDSServer:
    """Receives RReqs, and the CRes that the browser brings, each in a queue; over TLS when it has a context to serve with, and
    noting the name in the certificate of who posted each RReq. `browser`: whom its cardholder's browser trusts. The RRes of
    transactions in `holding` wait until `released`. `pages`: what it shows, by path; `policy`: its Content-Security-Policy;
    `cookies`: what came with each CRes."""

    def __init__(self, serves: ssl.SSLContext | None = None, browser: ssl.SSLContext | None = None) -> None:
        self.browser = browser
        self.certified: list[str] = []
        self.results: Queue[dict[str, Any]] = Queue()
        self.notifications: Queue[dict[str, str]] = Queue()
        self.answer_results = True
        self.holding: set[str] = set()
        self.released = threading.Event()
        self.pages: dict[str, str] = {}
        self.policy = ""
        self.cookies: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                html = outer.pages.get(self.path)
                self.reply(404 if html is None else 200, (html or "").encode(), "text/html; charset=utf-8")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if serves is not None and self.path == "/results":
                    subject = dict(part[0] for part in self.connection.getpeercert()["subject"])
                    outer.certified.append(subject["commonName"])
                if self.path == "/results":
                    self.results(json.loads(body))
                else:
                    fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
                    outer.cookies.append(self.headers["Cookie"])
                    outer.notifications.put(fields)
                    self.reply(200, b"<p>thank you</p>", "text/html")

            def results(self, rreq: dict[str, Any]) -> None:
                outer.results.put(rreq)
                if rreq["threeDSServerTransID"] in outer.holding:
                    outer.released.wait(PATIENCE_SECONDS)
                if not outer.answer_results:
                    self.reply(503, b"", "text/plain")
                    return
                rres = {
                    "messageType": "RRes",
                    "messageVersion": rreq["messageVersion"],
                    "threeDSServerTransID": rreq["threeDSServerTransID"],
                    "acsTransID": rreq["acsTransID"],
                    "dsTransID": rreq["dsTransID"],
                    "resultsStatus": "01",
                } | {name: rreq[name] for name in ("sdkTransID",) if name in rreq}
                self.reply(200, json.dumps(rres).encode(), "application/json; charset=utf-8")

            def reply(self, status: int, body: bytes, content_type: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                if outer.policy:
                    self.send_header("Content-Security-Policy", outer.policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if serves is not None:
            self._server.socket = serves.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'http' if serves is None else 'https'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def heard_only(self, rreq: dict[str, Any]) -> None:
        """No other result came. The same one comes again where it was not acknowledged within three seconds."""
        while not self.results.empty():
            assert self.results.get() == rreq

    def areq(self, pan: str, version: str = "2.2.0", **changes: Any) -> dict[str, Any]:
        """A payment in a browser: 42.00 euros at a French shop. A change to None takes the element away."""
        message: dict[str, Any] = {
            "messageType": "AReq",
            "messageVersion": version,
            "deviceChannel": "02",
            "messageCategory": "01",
            "threeDSServerTransID": str(uuid.uuid4()),
            "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
            "threeDSServerURL": self.url + "/results",
            "threeDSRequestorID": "azerty-0001",
            "threeDSRequestorName": "Librairie Exemple",
            "threeDSRequestorURL": "https://librairie.example/contact",
            "threeDSRequestorAuthenticationInd": "01",
            "threeDSCompInd": "U",
            "acctNumber": pan,
            "cardExpiryDate": "3012",
            "acquirerBIN": "400000",
            "acquirerMerchantID": "123456789012345",
            "mcc": "5942",
            "merchantCountryCode": "250",
            "merchantName": "Librairie Exemple",
            "purchaseAmount": "4200",
            "purchaseCurrency": "978",
            "purchaseExponent": "2",
            "purchaseDate": "20260615120000",
            "notificationURL": self.url + "/notification",
            "browserAcceptHeader": "text/html,application/xhtml+xml",
            "browserIP": "192.0.2.17",
            "browserJavaEnabled": False,
            "browserLanguage": "en-GB",
            "browserColorDepth": "24",
            "browserScreenHeight": "1080",
            "browserScreenWidth": "1920",
            "browserTZ": "-120",
            "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
            "cardholderName": "Camille Exemple",
            "email": "camille@example.org",
            "billAddrCity": "Lyon",
            "billAddrCountry": "250",
            "billAddrLine1": "1 rue de la Paix",
            "billAddrPostCode": "69001",
        }
        if version != "2.1.0":
            message["browserJavascriptEnabled"] = True
        if version == "2.3.1":
            message |= {
                "acceptLanguage": ["en-GB", "fr"],
                "acquirerCountryCode": "250",
                "acquirerCountryCodeSource": "01",
                "purchaseDate": datetime.now(UTC).strftime("%Y%m%d%H%M%S"),
            }
        message.update(changes)
        return {name: value for name, value in message.items() if value is not None}

    def creq(self, ares: dict[str, Any], window: str = "05") -> dict[str, Any]:
        return {
            "messageType": "CReq",
            "messageVersion": ares["messageVersion"],
            "threeDSServerTransID": ares["threeDSServerTransID"],
            "acsTransID": ares["acsTransID"],
            "challengeWindowSize": window,
        }

    def open_challenge(self, ares: dict[str, Any], session_data: str | None = None) -> Page:
        fields = {"creq": base64url(self.creq(ares))}
        if session_data is not None:
            fields["threeDSSessionData"] = session_data
        return Page(post_form(ares["acsURL"], fields, self.browser))


def answer(page: Page, code: str, action: str = "submit", tls: ssl.SSLContext | None = None) -> Page:
    """Type `code` into the challenge page and press a button."""
    return Page(post_form(page.action, {**page.fields, "challengeValue": code, "action": action}, tls))


@contextmanager
def three_ds_server(
    serves: ssl.SSLContext | None = None, browser: ssl.SSLContext | None = None
) -> Iterator[ThreeDSServer]:
    server = ThreeDSServer(serves, browser)
    try:
        yield server
    finally:
        server.close()
