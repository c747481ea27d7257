"""The gateway: purchases, the 3DS Method in a hidden frame, the challenge, results, receipts."""

import html
import json
import threading
import urllib.parse
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.standard_gateway import messages
from tests.support.standard_gateway.checks import Wrong, check, decoded
from tests.support.standard_gateway.http import Fields, Reply, Server, Unreachable, as_json, exchange, page
from tests.support.standard_gateway.orders import CardRanges, Order

Message = dict[str, Any]
ACCEPTABLE_ECI = {"Y": ("05", "02"), "A": ("06", "01")}
WAIT_FOR_THE_RESULT = timedelta(seconds=30)
END_OF_A_PAYMENT = timedelta(minutes=30)
METHOD_MILLISECONDS = 10_000
UNKNOWN_SERIAL = "307"
FRAME_PAGE = """<h1>One moment</h1><iframe src="{frame}" title="3DS Method" hidden></iframe>
<form method="post" action="{go}"><button>Go on</button></form>
<script>
const go = () => document.forms[0].submit();
addEventListener("message", event => event.origin === location.origin && event.data === "3DS Method" && go());
setTimeout(go, {milliseconds});
</script>"""
POSTS_ITSELF = """<form method="post" action="{url}">{fields}<button>Go on</button></form>
<script>document.forms[0].submit()</script>"""


class StandardGateway:
    """`directory_server`: its address, without a scheme's name. Everything else it learns from the purchase."""

    def __init__(self, directory_server: str) -> None:
        self._directory_server = directory_server
        self.orders: dict[str, Order] = {}
        self.by_transaction: dict[str, Order] = {}
        self.ranges: dict[str, CardRanges] = defaultdict(CardRanges)
        self._lock = threading.Lock()
        self._server = Server(self.answer)
        self.base = self._server.base
        self.purchases = f"{self.base}/purchases"

    def close(self) -> None:
        self._server.close()

    # --- what it answers ---

    def answer(self, method: str, path: str, body: bytes, form: Fields) -> Reply:
        first, _, rest = path.strip("/").partition("/")
        if method == "POST" and path == "/purchases":
            return self.purchase(json.loads(body))
        if method == "POST" and path == "/results":
            return self.results(body)
        if method == "POST" and path == "/notification":
            return self.notification(form)
        if method == "POST" and path == "/method-notification":
            return self.method_notification(form)
        if method == "GET" and first == "purchases":
            return self.told(rest)
        order = self.orders.get(rest)
        if order is None or first not in ("method", "go", "receipt"):
            return Reply(404, "there is nothing here", "text/plain")
        if first == "method":
            return self.method_frame(order)
        return self.go(order) if first == "go" and method == "POST" else self.receipt(order)

    # --- a purchase ---

    def purchase(self, wish: Message) -> Reply:
        order = Order(uuid.uuid4().hex, self.new_transaction_id(), wish)
        with self._lock:
            self.orders[order.number] = self.by_transaction[order.transaction_id] = order
        order.due = self.now(order) + END_OF_A_PAYMENT
        order.method_url = self.method_url_of(order)
        if order.method_url is None:
            return self.go(order)
        frame, go = f"{self.base}/method/{order.number}", f"{self.base}/go/{order.number}"
        words = FRAME_PAGE.replace("{frame}", frame).replace("{go}", go)
        return page("One moment", words.replace("{milliseconds}", str(METHOD_MILLISECONDS)))

    def new_transaction_id(self) -> str:
        return str(uuid.uuid4())

    def method_url_of(self, order: Order) -> str | None:
        scheme = order.wish["scheme"]
        ranges = self.ranges[scheme]
        with ranges.lock:
            now = self.now(order)
            if ranges.due(now):
                self.fetch(scheme, ranges, now)
        return ranges.method_url(order.wish["pan"])

    def fetch(self, scheme: str, ranges: CardRanges, now: datetime) -> None:
        """What cannot be fetched or read leaves what was known; the whole list takes the place of a serial number that is known to
        nobody."""
        request = messages.preq(ranges.serial)
        try:
            status, raw = exchange("POST", f"{self._directory_server}/{scheme}/3ds2", request)
            pres = decoded(raw)
            if pres.get("errorCode") == UNKNOWN_SERIAL and ranges.serial is not None:
                ranges.serial = None
                self.fetch(scheme, ranges, now)
                return
            right = pres.get("messageType") == "PRes" and pres.get("messageVersion") == request["messageVersion"]
            if not 200 <= status < 300 or not right:
                raise Unreachable("no PRes")
            ranges.take(pres, now)
        except (Unreachable, Wrong, KeyError, TypeError, AttributeError):
            ranges.failed = now

    def now(self, order: Order) -> datetime:
        """On the clock of the simulator, where the purchase says how to ask for it."""
        desk = order.wish.get("desk")
        if desk is None:
            return datetime.now(UTC)
        try:
            return datetime.fromisoformat(json.loads(exchange("GET", f"{desk}/api/clock")[1])["now"])
        except (Unreachable, ValueError, KeyError):
            return datetime.now(UTC)

    # --- 3DS Method ---

    def method_frame(self, order: Order) -> Reply:
        data = {
            "threeDSServerTransID": order.transaction_id,
            "threeDSMethodNotificationURL": f"{self.base}/method-notification",
        }
        return self.posting("3DS Method", str(order.method_url), {"threeDSMethodData": messages.encoded(data)})

    def method_notification(self, form: Fields) -> Reply:
        order = self.by_transaction.get(str(self.from_form(form.get("threeDSMethodData")).get("threeDSServerTransID")))
        if order is not None:
            with order.lock:
                order.called_back = True
        return page("3DS Method", '<script>parent.parent.postMessage("3DS Method", location.origin)</script>')

    def comp_ind(self, order: Order) -> str:
        if order.method_url is None:
            return "U"
        return "Y" if order.called_back else "N"

    # --- AReq ---

    def go(self, order: Order) -> Reply:
        """Once; asked for again, it shows where the payment stands."""
        with order.lock:
            if not order.begun:
                order.begun = True
                self.authenticate(order)
            return self.next_page(order)

    def authenticate(self, order: Order) -> None:
        own = {
            "threeDSServerTransID": order.transaction_id,
            "threeDSServerURL": f"{self.base}/results",
            "notificationURL": f"{self.base}/notification",
            "threeDSCompInd": self.comp_ind(order),
        }
        order.areq = messages.areq(order.wish, own, self.now(order))
        try:
            status, raw = exchange("POST", self.address(order), order.areq)
            if not 200 <= status < 300:
                raise Unreachable(f"HTTP {status}")
            self.take_ares(order, decoded(raw))
        except Unreachable:
            order.settle("refused", "", "directory-unreachable")
        except Wrong as wrong:
            self.complain(order, {"messageType": "ARes"}, wrong)

    def address(self, order: Order) -> str:
        return f"{self._directory_server}/{order.wish['scheme']}/3ds2"

    def take_ares(self, order: Order, ares: Message) -> None:
        if ares.get("messageType") == "Erro":
            order.settle("refused", "", "erro-received")
            return
        try:
            if ares.get("messageType") != "ARes":
                raise Wrong("101", "no ARes", "another message than an ARes")
            check("ARes", ares, order.areq or {})
        except Wrong as wrong:
            self.complain(order, ares, wrong)
            return
        order.ares = ares
        if ares.get("transStatus") not in ("C", "D"):
            self.settle(order, ares)

    def complain(self, order: Order, about: Message, wrong: Wrong) -> None:
        order.settle("refused", "", "protocol-error")
        known: Message = {
            **(order.areq or {}),
            **{name: about[name] for name in ("acsTransID", "dsTransID") if name in about},
        }
        with suppress(Unreachable):  # the payment is refused all the same
            exchange("POST", self.address(order), messages.erro(about, wrong.code, wrong.detail, str(wrong), known))

    def settle(self, order: Order, result: Message) -> None:
        """Go by an ARes or RReq. Y and A need their proof; U and I are the shop's own risk, which it takes where nobody asked."""
        status, eci = str(result.get("transStatus", "")), result.get("eci")
        if status in ("Y", "A"):
            right = order.wish.get("messageCategory") == "02" or eci is None or eci in ACCEPTABLE_ECI[status]
            order.settle("accepted" if right else "refused", status if right else "", "authenticated")
        elif status in ("U", "I") and order.rreq is None:
            order.settle("accepted", status, "no-guarantee")
        else:
            order.settle("refused", status, "not-authenticated")

    # --- challenge ---

    def next_page(self, order: Order) -> Reply:
        waits = order.outcome == "open" and order.ares is not None and order.ares["transStatus"] == "C"
        if not waits or order.ares is None or order.rreq is not None:
            return self.receipt(order)
        order.creq_page_shown = True
        creq = messages.encoded(messages.creq(order.ares, order.wish.get("window", "05")))
        fields = {"creq": creq, "threeDSSessionData": self.session_data(order)}
        return self.posting("Your bank asks something", order.ares["acsURL"], fields)

    def session_data(self, order: Order) -> str:
        return messages.encoded({"order": order.number})

    def notification(self, form: Fields) -> Reply:
        """The CRes decides nothing. The order is found by the session, and waits for its RReq."""
        order = self.orders.get(str(self.from_form(form.get("threeDSSessionData")).get("order")))
        cres = self.from_form(form.get("cres") or form.get("erro"))
        if order is None:
            return page("Payment", "<h1>We do not know this payment</h1>")
        if self.belongs(order, cres):
            self.take_cres(order, cres)
        return Reply(303, "", location=f"{self.base}/receipt/{order.number}")

    def belongs(self, order: Order, cres: Message) -> bool:
        ares = order.ares or {}
        ids = ("threeDSServerTransID", "acsTransID")
        return bool(cres) and all(str(cres.get(name)).lower() == str(ares.get(name)).lower() for name in ids)

    def take_cres(self, order: Order, _cres: Message) -> None:
        with order.lock:
            if order.outcome == "open" and order.due is not None:
                order.due = min(order.due, self.now(order) + WAIT_FOR_THE_RESULT)

    # --- results ---

    def results(self, body: bytes) -> Reply:
        rreq: Message = {}
        order: Order | None = None
        try:
            rreq = decoded(body)
            if rreq.get("messageType") == "Erro":
                return Reply(200, "", "text/plain")  # an Erro is never answered with an Erro
            if rreq.get("messageType") != "RReq":
                raise Wrong("101", "no RReq", "another message than an RReq")
            order = self.order_of(rreq)
            return as_json(self.take_rreq(order, rreq))
        except Wrong as wrong:
            known = (order.ares or order.areq or {}) if order is not None else {}
            return as_json(messages.erro(rreq, wrong.code, wrong.detail, str(wrong), known))

    def order_of(self, rreq: Message) -> Order:
        """Errors: `Wrong`."""
        identifier = rreq.get("threeDSServerTransID")
        if identifier in (None, ""):
            raise Wrong("201", "threeDSServerTransID", "missing")
        order = self.by_transaction.get(identifier.lower()) if isinstance(identifier, str) else None
        if order is None:
            raise Wrong("301" if isinstance(identifier, str) else "203", "threeDSServerTransID", "unknown")
        return order

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        """Errors: `Wrong`."""
        with order.lock:
            if order.areq is None:
                raise Wrong("301", "threeDSServerTransID", "there was no AReq")
            check("RReq", rreq, order.areq, order.ares)
            if order.rreq is not None:
                return self.again(order, rreq)
            self.end(order)
            if order.reason == "no-result":
                raise Wrong("402", "the result came too late", "timed out")
            if order.ares is None or order.ares["transStatus"] not in ("C", "D"):
                raise Wrong("305", "transStatus", "no result is awaited")
            if not (rreq["transStatus"] == "D" and order.ares["transStatus"] == "C"):
                order.rreq = rreq
                self.settle(order, rreq)
            return messages.rres(rreq, self.results_status(order, rreq))

    def results_status(self, order: Order, rreq: Message) -> str:
        """02 where the challenge never began, 01 for a result that was taken."""
        return "02" if rreq.get("challengeCancel") == "05" and not order.creq_page_shown else "01"

    def again(self, order: Order, rreq: Message) -> Message:
        """The same RReq gets the same RRes, and nothing happens."""
        if rreq != order.rreq:
            code = "312" if rreq["messageVersion"] == "2.3.1" else "305"
            raise Wrong(code, "transStatus", "another result is known already")
        return messages.rres(rreq, self.results_status(order, rreq))

    # --- how it ended ---

    def end(self, order: Order) -> None:
        """Nothing stays open for ever."""
        with order.lock:
            if order.outcome == "open" and order.due is not None and self.now(order) > order.due:
                order.settle("refused", "", "no-result")

    def receipt(self, order: Order) -> Reply:
        self.end(order)
        if order.outcome == "open":
            again = f'<meta http-equiv="refresh" content="1; url={self.base}/receipt/{order.number}">'
            return page("Payment", f'{again}<h1 id="result">We are waiting for your bank</h1>')
        words = "Thank you" if order.outcome == "accepted" else "The payment was refused: contact your bank"
        return page("Payment", f'<h1 id="result" data-outcome="{order.outcome}">{words}</h1>')

    def told(self, transaction_id: str) -> Reply:
        """What came of a purchase, for the run."""
        order = self.by_transaction.get(transaction_id)
        if order is not None:
            self.end(order)
        return as_json(self.told_of(order)) if order is not None else as_json({"outcome": "unknown"}, 404)

    def told_of(self, order: Order) -> Message:
        return order.told()

    # --- forms ---

    def posting(self, title: str, url: str, fields: Fields) -> Reply:
        named = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in fields.items()
        )
        return page(title, POSTS_ITSELF.format(url=html.escape(url), fields=named))

    def from_form(self, text: str | None) -> Message:
        """What a browser posted, as far as it can be read; from a browser, so nothing is believed of it."""
        try:
            return decoded(messages.from_base64url(urllib.parse.unquote(text or "")))
        except (ValueError, Wrong):
            return {}


@contextmanager
def standard_gateway(directory_server: str, kind: type[StandardGateway] = StandardGateway) -> Iterator[StandardGateway]:
    gateway = kind(directory_server)
    try:
        yield gateway
    finally:
        gateway.close()
