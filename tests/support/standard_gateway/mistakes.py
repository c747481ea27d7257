"""Gateways with one mistake each: the correct one, and a method or two that are wrong."""

import html
import json
import traceback
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.support.standard_gateway import messages
from tests.support.standard_gateway.checks import Wrong, check
from tests.support.standard_gateway.gateway import StandardGateway
from tests.support.standard_gateway.http import COOKIE, Fields, Reply, as_json, page
from tests.support.standard_gateway.orders import CardRanges, Order

Message = dict[str, Any]
BROKEN = Reply(500, "Internal Server Error", "text/plain")


class BelievesTheCRes(StandardGateway):
    """The CRes of the browser decides, and the RReq nothing."""

    def settle(self, order: Order, result: Message) -> None:
        if result.get("messageType") != "RReq":
            super().settle(order, result)

    def take_cres(self, order: Order, cres: Message) -> None:
        with order.lock:
            self.settle(order, {"transStatus": cres.get("transStatus")})


class BooksTwice(StandardGateway):
    """Every RReq books, the same one again too."""

    def __init__(self, directory_server: str) -> None:
        super().__init__(directory_server)
        self.booked: Counter[str] = Counter()

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        answer = super().take_rreq(order, rreq)
        if order.outcome == "accepted":
            self.booked[order.transaction_id] += 1
        return answer

    def told_of(self, order: Order) -> Message:
        return {**super().told_of(order), "booked": self.booked[order.transaction_id]}


class AcceptsAfterRefusal(StandardGateway):
    """An RReq that comes after the payment was given up turns it into an accepted one."""

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        with order.lock:
            self.end(order)
            if order.reason == "no-result":
                order.outcome, order.due, order.reason = "open", None, ""
            return super().take_rreq(order, rreq)


class TakesAnotherSessionsCRes(StandardGateway):
    """The order is found by the session alone, and ends as the CRes says."""

    def belongs(self, order: Order, cres: Message) -> bool:
        return bool(cres)

    def take_cres(self, order: Order, cres: Message) -> None:
        own = super().belongs(order, cres)
        with order.lock:
            if not own and order.outcome == "open" and cres.get("transStatus") == "Y":
                order.settle("accepted", "Y", "by the browser")
        super().take_cres(order, cres)


class ShowsTheCardNumber(StandardGateway):
    """The receipt links to a log, and the log has everything."""

    def receipt(self, order: Order) -> Reply:
        reply = super().receipt(order)
        return reply._replace(body=f'{reply.body}<a href="{self.base}/log/{order.number}">details</a>')

    def answer(self, method: str, path: str, body: bytes, form: Fields) -> Reply:
        order = self.orders.get(path.removeprefix("/log/"))
        if order is not None:
            return page("Log", f"<pre>paid with {order.wish['pan']}</pre>")
        return super().answer(method, path, body, form)


class BreaksOnErro(StandardGateway):
    """An Erro at threeDSServerURL is an exception."""

    def results(self, body: bytes) -> Reply:
        return BROKEN if b'"Erro"' in body else super().results(body)


class AnswersWithoutIds(StandardGateway):
    """The RRes names no transaction."""

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        answer = super().take_rreq(order, rreq)
        return {name: value for name, value in answer.items() if name not in ("acsTransID", "dsTransID")}


class AlwaysSaysY(StandardGateway):
    """threeDSCompInd is a constant."""

    def comp_ind(self, order: Order) -> str:
        return "Y"


class _LastingRanges(CardRanges):
    def due(self, now: datetime) -> bool:
        return self.fetched is None and super().due(now)


class KeepsRangesForEver(StandardGateway):
    """The card ranges are fetched once."""

    def __init__(self, directory_server: str) -> None:
        super().__init__(directory_server)
        self.ranges = defaultdict(_LastingRanges)


class ShowsTheCode(StandardGateway):
    """The receipt repeats what was typed at the shop."""

    def receipt(self, order: Order) -> Reply:
        reply = super().receipt(order)
        return reply._replace(body=f"{reply.body}<p>Security code: {order.wish['securityCode']}</p>")


class NeverTimesOut(StandardGateway):
    """Nobody looks after what is open."""

    def end(self, order: Order) -> None:
        pass


class GoesByTheEci(StandardGateway):
    """ECI 05 is a yes, whatever transStatus says."""

    def settle(self, order: Order, result: Message) -> None:
        if result.get("eci") in ("05", "02"):
            order.settle("accepted", str(result.get("transStatus")), "eci")
        super().settle(order, result)


# --- a dozen of other kinds ---


class KnowsCentsOnly(StandardGateway):
    """Input: every currency has two digits behind the point."""

    def authenticate(self, order: Order) -> None:
        order.wish = {**order.wish, "exponent": "2", "elements": _without(order.wish, "purchaseExponent")}
        super().authenticate(order)


class BreaksOnAnApostrophe(StandardGateway):
    """Input: a name is put into a statement as it is."""

    def purchase(self, wish: Message) -> Reply:
        return BROKEN if "'" in wish["cardholder"] else super().purchase(wish)


class CountsInThirtyTwoBits(StandardGateway):
    """Input: an amount wraps round."""

    def authenticate(self, order: Order) -> None:
        amount = str(int(order.wish["amount"]) % (1 << 31))
        order.wish = {**order.wish, "amount": amount, "elements": _without(order.wish, "purchaseAmount")}
        super().authenticate(order)


class FailsOpen(StandardGateway):
    """Behaviour: without an answer of the directory server the payment goes through."""

    def authenticate(self, order: Order) -> None:
        settle, order.settle = order.settle, lambda *_told: None  # type: ignore[method-assign]
        super().authenticate(order)
        order.settle = settle  # type: ignore[method-assign]
        if order.ares is None:
            order.settle("accepted", "", "directory-unreachable")
        elif order.ares["transStatus"] not in ("C", "D"):
            self.settle(order, order.ares)


class AcceptsARejection(StandardGateway):
    """Behaviour: R is taken for a status that leaves the choice."""

    def settle(self, order: Order, result: Message) -> None:
        super().settle(order, {**result, "transStatus": "I"} if result.get("transStatus") == "R" else result)
        if result.get("transStatus") == "R":
            order.outcome, order.trans_status = "accepted", ""


class ShowsItsStack(StandardGateway):
    """Page: what cannot be read is shown with the place in the program."""

    def notification(self, form: Fields) -> Reply:
        try:
            messages.from_base64url(form["cres"]).decode("ascii")
            return super().notification(form)
        except (KeyError, ValueError):
            return page("Error", f"<pre>{traceback.format_exc()}</pre>")


class InventsAResultsStatus(StandardGateway):
    """Behaviour: resultsStatus 00."""

    def results_status(self, order: Order, rreq: Message) -> str:
        return "00"


class BreaksOnPadding(StandardGateway):
    """Input: base64url with = at its end is an exception."""

    def notification(self, form: Fields) -> Reply:
        return BROKEN if form.get("cres", "").endswith("=") else super().notification(form)


class HurriesTheCardholder(StandardGateway):
    """Clock: after one minute the payment is over, although the bank gives ten."""

    def purchase(self, wish: Message) -> Reply:
        reply = super().purchase(wish)
        order = next(reversed(self.orders.values()))
        order.due = self.now(order) + timedelta(minutes=1)
        return reply


class MixesPaymentsOfACard(StandardGateway):
    """Race: a result is for whatever the card has open."""

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        answer = super().take_rreq(order, rreq)
        for other in list(self.orders.values()):
            if other.wish["pan"] == order.wish["pan"] and order.outcome == "accepted":
                other.settle("accepted", "Y", "another payment")
        return answer


class HasOneIdForACard(StandardGateway):
    """Behaviour: the threeDSServerTransID belongs to the card."""

    def purchase(self, wish: Message) -> Reply:
        self._pan = wish["pan"]
        return super().purchase(wish)

    def new_transaction_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.base}/{self._pan}"))


class BreaksOnASecondCRes(StandardGateway):
    """Race: a CRes for a payment that is over is an exception."""

    def take_cres(self, order: Order, cres: Message) -> None:
        order.wish["returned"] = order.wish.get("returned", 0) + 1
        super().take_cres(order, cres)

    def notification(self, form: Fields) -> Reply:
        reply = super().notification(form)
        order = self.orders.get(str((reply.location or "").rpartition("/")[2]))
        return BROKEN if order is not None and order.wish.get("returned", 0) > 1 else reply


class ReadsWrongResults(StandardGateway):
    """Behaviour: an RReq that lacks its proof is answered with an exception."""

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        try:
            check("RReq", rreq, order.areq or {}, order.ares)
        except Wrong as wrong:
            raise KeyError(wrong.detail) from wrong
        return super().take_rreq(order, rreq)

    def results(self, body: bytes) -> Reply:
        try:
            return super().results(body)
        except KeyError:
            return BROKEN


class TurnsCardsAway(StandardGateway):
    """Behaviour: a card without a 3DS Method is paid without asking anybody."""

    def go(self, order: Order) -> Reply:
        return super().go(order) if order.method_url else page("Payment", "<h1>Thank you</h1>")


# --- two dozen more, as they are met in production ---


class FindsThePaymentByACookie(StandardGateway):
    """Page: who comes back from the bank is known by a cookie, which a post from another site does not bring."""

    def go(self, order: Order) -> Reply:
        return super().go(order)._replace(cookie=f"order={order.number}; Path=/; HttpOnly; SameSite=Lax")

    def notification(self, form: Fields) -> Reply:
        return super().notification(form) if "order=" in form[COOKIE] else Reply(403, "please log in", "text/plain")


class PutsTheCodeIntoAnAddress(StandardGateway):
    """Page: the way back to the shop tells what was typed there."""

    def notification(self, form: Fields) -> Reply:
        reply = super().notification(form)
        order = self.orders.get(str((reply.location or "").rpartition("/")[2]))
        return reply if order is None else reply._replace(location=f"{reply.location}?cvv={order.wish['securityCode']}")


class LeadsAnywhere(StandardGateway):
    """Page: the way back to the shop is a parameter."""

    def receipt(self, order: Order) -> Reply:
        reply = super().receipt(order)
        return reply._replace(
            body=f'{reply.body}<a href="{self.base}/back?next=/receipt/{order.number}">to the shop</a>'
        )

    def answer(self, method: str, path: str, body: bytes, form: Fields) -> Reply:
        return (
            Reply(303, "", location=form.get("next")) if path == "/back" else super().answer(method, path, body, form)
        )


class ShowsWhatAMessageSays(StandardGateway):
    """Page: the detail of an Erro is put into the page as it came."""

    def take_ares(self, order: Order, ares: Message) -> None:
        order.wish["said"] = str(ares.get("errorDetail") or ares.get("transStatusReason") or "")
        super().take_ares(order, ares)

    def receipt(self, order: Order) -> Reply:
        reply = super().receipt(order)
        return reply._replace(body=f"{reply.body}<p>{order.wish.get('said', '')}</p>")


class ThanksTooEarly(StandardGateway):
    """Page: the receipt goes by the CRes, and the books by the RReq."""

    def take_cres(self, order: Order, cres: Message) -> None:
        order.wish["thanks"] = cres.get("transStatus") == "Y"
        super().take_cres(order, cres)

    def receipt(self, order: Order) -> Reply:
        reply = super().receipt(order)
        return page("Payment", '<h1 data-outcome="accepted">Thank you</h1>') if order.wish.get("thanks") else reply


class LivesInItsOwnZone(StandardGateway):
    """Clock: purchaseDate is the time of Paris."""

    def now(self, order: Order) -> datetime:
        return super().now(order) + timedelta(hours=2)


class EscapesNames(StandardGateway):
    """Input: a name is written for a page before it is written for a message."""

    def authenticate(self, order: Order) -> None:
        order.wish = {**order.wish, "elements": _each(order.wish, html.escape)}
        super().authenticate(order)


class ReadsLatinOne(StandardGateway):
    """Input: what came as UTF-8 is read as ISO 8859-1."""

    def authenticate(self, order: Order) -> None:
        order.wish = {**order.wish, "elements": _each(order.wish, lambda text: text.encode().decode("latin-1"))}
        super().authenticate(order)


class KnowsOneVersion(StandardGateway):
    """Behaviour: one version for all cards."""

    def purchase(self, wish: Message) -> Reply:
        return super().purchase({**wish, "version": "2.2.0"})


class BeginsAtEveryClick(StandardGateway):
    """Race: each click on the button sends another AReq."""

    def go(self, order: Order) -> Reply:
        with order.lock:
            if order.begun:
                order = Order(uuid.uuid4().hex, self.new_transaction_id(), order.wish, method_url=order.method_url)
                order.due = self.now(order) + timedelta(minutes=30)
                order.called_back = True
                self.orders[order.number] = self.by_transaction[order.transaction_id] = order
        return super().go(order)


class DropsWrongResults(StandardGateway):
    """Behaviour: an RReq that fails a check is logged and dropped."""

    def results(self, body: bytes) -> Reply:
        reply = super().results(body)
        return Reply(200, "", "text/plain") if '"Erro"' in reply.body else reply


class TakesEveryResult(StandardGateway):
    """Behaviour: of an RReq nothing is checked but its threeDSServerTransID."""

    def take_rreq(self, order: Order, rreq: Message) -> Message:
        with order.lock:
            if order.rreq is None and order.outcome == "open":
                order.rreq = rreq
                self.settle(order, rreq)
        known = order.ares or rreq
        return {**messages.rres({**known, **rreq}, "01"), "messageVersion": known["messageVersion"]}


class TakesEveryResponse(StandardGateway):
    """Behaviour: of an ARes nothing is checked."""

    def take_ares(self, order: Order, ares: Message) -> None:
        if ares.get("messageType") != "ARes" or ("acsURL" not in ares and ares.get("transStatus") == "C"):
            super().take_ares(order, ares)
            return
        order.ares = {**(order.areq or {}), **ares, "messageVersion": (order.areq or ares)["messageVersion"]}
        if ares.get("transStatus") not in ("C", "D"):
            self.settle(order, ares)


class _AlwaysDue(CardRanges):
    def due(self, now: datetime) -> bool:
        return True


class AsksForRangesEachTime(StandardGateway):
    """Clock: every payment begins with a PReq."""

    def __init__(self, directory_server: str) -> None:
        super().__init__(directory_server)
        self.ranges = defaultdict(_AlwaysDue)


class BelievesALateCRes(StandardGateway):
    """Race: a CRes that comes after the RReq decides again."""

    def take_cres(self, order: Order, cres: Message) -> None:
        with order.lock:
            status = cres.get("transStatus")
            if order.rreq is not None and status != order.rreq["transStatus"] and status in ("Y", "N"):
                order.outcome, order.trans_status = ("accepted" if status == "Y" else "refused"), str(status)
        super().take_cres(order, cres)


class AcknowledgesStrangers(StandardGateway):
    """Behaviour: an RReq for a payment that nobody knows is answered with an RRes."""

    def results(self, body: bytes) -> Reply:
        reply = super().results(body)
        if '"threeDSServerTransID", "errorDescription"' in reply.body or '"301"' in reply.body:
            return as_json(messages.rres(defaultdict(str, json.loads(body)), "01"))
        return reply


class TakesACancellationForANo(StandardGateway):
    """Behaviour: what comes after a CRes of N is not waited for, and its result is refused."""

    def take_cres(self, order: Order, cres: Message) -> None:
        with order.lock:
            if order.rreq is None and cres.get("transStatus") == "N":
                order.settle("refused", "N", "the browser says so")
        super().take_cres(order, cres)


def _without(wish: Message, name: str) -> Message:
    return {each: value for each, value in wish.get("elements", {}).items() if each != name}


def _each(wish: Message, change: Callable[[str], str]) -> Message:
    """The elements with every name, address and city changed."""
    known = {"cardholderName": wish["cardholder"], "email": wish["email"], **wish.get("elements", {})}
    words = ("cardholderName", "email", "billAddrCity")
    return {name: change(text) if name in words and isinstance(text, str) else text for name, text in known.items()}


@dataclass(frozen=True)
class Mistake:
    """`rules`: those that may find it. `kind`: of which kind it is."""

    gateway: type[StandardGateway]
    rules: frozenset[str] = field(default_factory=frozenset)
    kind: str = ""


def _of(kind: str, *rows: tuple[type[StandardGateway], str]) -> dict[str, Mistake]:
    return {gateway.__name__: Mistake(gateway, frozenset(rules.split()), kind) for gateway, rules in rows}


TWELVE = _of(
    "given",
    (BelievesTheCRes, "result-from-cres"),
    (BooksTwice, "booked-twice"),
    (AcceptsAfterRefusal, "outcome-changed"),
    (TakesAnotherSessionsCRes, "result-not-followed"),
    (ShowsTheCardNumber, "secret-shown"),
    (BreaksOnErro, "server-broken"),
    (AnswersWithoutIds, "results-answered-wrongly"),
    (AlwaysSaysY, "comp-ind-mismatch"),
    (KeepsRangesForEver, "preq-stale"),
    (ShowsTheCode, "secret-shown"),
    (NeverTimesOut, "open-for-ever"),
    (GoesByTheEci, "result-not-followed"),
)
DOZEN = {
    **_of("input", (KnowsCentsOnly, "purchase-changed"), (BreaksOnAnApostrophe, "server-broken")),
    **_of("input", (CountsInThirtyTwoBits, "purchase-changed"), (BreaksOnPadding, "server-broken")),
    **_of("behaviour", (FailsOpen, "accepted-without-result"), (AcceptsARejection, "result-not-followed")),
    **_of("behaviour", (InventsAResultsStatus, "results-answered-wrongly"), (HasOneIdForACard, "trans-id-reused")),
    **_of("behaviour", (ReadsWrongResults, "server-broken"), (TurnsCardsAway, "purchase-ignored")),
    **_of("race", (MixesPaymentsOfACard, "result-not-followed"), (BreaksOnASecondCRes, "server-broken")),
    **_of("clock", (HurriesTheCardholder, "erro-for-right-message outcome-changed")),
    **_of("page", (ShowsItsStack, "trace-shown")),
}
MORE = {
    **_of("page", (FindsThePaymentByACookie, "return-refused"), (PutsTheCodeIntoAnAddress, "secret-shown")),
    **_of("page", (LeadsAnywhere, "redirect-open"), (ShowsWhatAMessageSays, "markup-shown")),
    **_of("page", (ThanksTooEarly, "page-contradicts")),
    **_of("clock", (LivesInItsOwnZone, "purchase-dated"), (AsksForRangesEachTime, "preq-too-eager")),
    **_of("input", (EscapesNames, "purchase-changed"), (ReadsLatinOne, "purchase-changed")),
    **_of(
        "behaviour", (KnowsOneVersion, "purchase-changed version-above-range"), (DropsWrongResults, "result-ignored")
    ),
    **_of("behaviour", (TakesEveryResult, "wrong-result-taken"), (TakesEveryResponse, "wrong-response-taken")),
    **_of("behaviour", (AcknowledgesStrangers, "wrong-result-taken")),
    **_of("race", (BeginsAtEveryClick, "purchase-doubled"), (BelievesALateCRes, "outcome-changed result-from-cres")),
    **_of("race", (TakesACancellationForANo, "result-from-cres")),
}
MISTAKES = TWELVE | DOZEN | MORE
