"""One purchase at the gateway: what is known of it. How it changes stands in `steps`."""

from datetime import datetime
from typing import Any

import msgspec

from acs_sim.gateway.forms.buyer import Buyer
from acs_sim.settings.merchants import FRANCE


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop asks for, read from its sealed form.

    `manner`: `e-transactions`, `monetico` or `remote-mpi`; `amount` in minor units; `currency` numeric; `language`: fr or en;
    `challenge_indicator`: threeDSRequestorChallengeInd; `accepted_url` and so on: where the browser goes afterwards;
    `answer_url`: where the sealed server answer goes, by `answer_method`; `fields`: what of the form the answer repeats; `buyer`:
    what the shop told of its buyer; `merchant`: its identity among the merchants; `charset`: that of the form's bytes, and
    `seal_charset` that of what was sealed; `version`: spoken whatever the card range says; `brand`: the only one that may pay;
    `without_3ds`: the shop wants none; `capture`: `now`, `never` (a server will ask for it) or after so many days; `page_seconds`:
    how long the page is open; `forced_code`: the answer code that the shop asked for; `framed`: the shop shows the pages in a
    frame; `data_only`: the issuer is told of the payment, and not asked to authenticate it; `country`: the merchant's;
    `articles`: how many are bought, where the shop says so."""

    manner: str
    merchant_name: str
    merchant_id: str
    reference: str
    amount: int
    currency: str
    language: str
    challenge_indicator: str
    email: str
    accepted_url: str
    refused_url: str
    cancelled_url: str
    answer_url: str | None
    fields: dict[str, str]
    buyer: Buyer = Buyer()
    merchant: tuple[str, ...] = ()
    answer_method: str = "POST"
    charset: str = "utf-8"
    seal_charset: str = "utf-8"
    version: str | None = None
    framed: bool = False
    brand: str | None = None
    without_3ds: bool = False
    capture: str = "now"
    page_seconds: int | None = None
    forced_code: str | None = None
    data_only: bool = False
    country: str = FRANCE
    articles: int | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a card. `sealed`: its number, sealed, until the authorisation is over; `print`: stands for the number in
    answers; `networks`: the schemes on it, first the one that is used; `acquirer_answer`: what the acquirer will say (ISO 8583,
    00 approves)."""

    sealed: str | None
    masked: str
    first_six: str
    last_four: str
    print: str
    expiry: str
    networks: tuple[str, ...]
    acquirer_answer: str


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """The authentication result that counts, and the message that brought it (`source`: ARes, RReq, VERes or PARes)."""

    source: str
    trans_status: str
    reason: str | None = None
    eci: str | None = None
    value: str | None = None
    challenge_cancel: str | None = None
    interaction_counter: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the payment ended. `result`: accepted, refused, cancelled or error; `reason`: a word of the texts; `guarantee`:
    whether liability shifts to the issuer; `acquirer_answer`: what the acquirer said, when it was asked; `code`: the answer code of
    five digits that e-transactions tells, where it follows from neither; `call_number` and `transaction_number`: the gateway's
    own."""

    result: str
    reason: str
    at: datetime
    authorisation: str | None = None
    eci: str | None = None
    guarantee: bool = False
    acquirer_answer: str | None = None
    code: str | None = None
    call_number: str = ""
    transaction_number: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed server answer to the shop: a form body (a query with the method GET), and how its delivery went. `due_at` is None
    when nothing is left to do.
    `leased_by` and `leased_until` (real time, microseconds) say which of several processes is telling the shop."""

    url: str
    body: str
    method: str = "POST"
    attempts: int = 0
    due_at: datetime | None = None
    delivered: bool = False
    leased_by: str | None = None
    leased_until: int | None = None


class LogEntry(msgspec.Struct, frozen=True):
    at: datetime
    text: str


class ResultV1(msgspec.Struct, frozen=True, kw_only=True):
    """What a PARes came to. `told`: the status that it named; `status`: the one that counts, U where the signature is not to be
    believed; `signature`: Y or N; `fault`: what was wrong with it."""

    status: str
    told: str
    signature: str
    fault: str | None = None
    eci: str | None = None
    cavv: str | None = None
    cavv_algorithm: str | None = None
    ireq_code: str | None = None


class PurchaseV1(msgspec.Struct, frozen=True, kw_only=True):
    """3-D Secure 1.0.2. `enrolled`: of the VERes, Y, N or U, with its iReqCode; `pareq`: the message, when it was Y."""

    enrolled: str
    ireq_code: str | None = None
    pareq: dict[str, Any] | None = None
    result: ResultV1 | None = None

    @property
    def version(self) -> str:
        """The protocol version that is spoken."""
        return self.pareq["version"] if self.pareq else "1.0.2"

    @property
    def xid(self) -> str:
        """The merchant's identifier of the payment; empty without a PAReq."""
        return self.pareq["Purchase"]["xid"] if self.pareq else ""


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is its threeDSServerTransID; `token` its address on the payment pages. `enrolled`: None when nobody could tell.

    `device`: the AReq's elements of the browser, or of the app's SDK; `in_app`: which of the two; `ares` and `results`: what was
    kept of those messages; `authentication`: the result that counts; `can_confirm`: the browser has Secure Payment Confirmation;
    `confirms`: what an ARes S has it show, `second`: what the AReq brought that followed, and `asked_as` its threeDSServerTransID;
    `failure`: why there is none; `method`: not-needed, running, done; `refused_cards`: numbers typed that are none."""

    id: str
    token: str
    request: PaymentRequest
    channel: str
    created_at: datetime
    deadline_at: datetime | None
    state: str = "page"
    asked_version: str | None = None
    refused_cards: int = 0
    window: str | None = None
    card: Card | None = None
    scheme: str | None = None
    enrolled: bool | None = None
    version: str | None = None
    framed: bool = False
    method_url: str | None = None
    method: str = "not-needed"
    method_until: datetime | None = None
    device: dict[str, Any] | None = msgspec.field(name="browser", default=None)
    in_app: bool = False
    comp_ind: str | None = None
    purchase_date: str | None = None
    ds_trans_id: str | None = None
    acs_trans_id: str | None = None
    acs_url: str | None = None
    ares: dict[str, Any] | None = None
    can_confirm: bool = False
    confirms: dict[str, Any] | None = None
    second: dict[str, Any] | None = None
    asked_as: str | None = None
    results: dict[str, Any] | None = None
    cres_status: str | None = None
    authentication: Authentication | None = None
    failure: str | None = None
    v1: PurchaseV1 | None = msgspec.field(name="classic", default=None)
    outcome: Outcome | None = None
    answer: Answer | None = None
    log: tuple[LogEntry, ...] = ()

    @property
    def trans_id(self) -> str:
        """threeDSServerTransID of its last AReq."""
        return self.asked_as or self.id

    @property
    def due_at(self) -> datetime | None:
        """When the gateway has something to do for it without being asked: a result to settle, an answer, a deadline."""
        if self.state == "result":
            return self.created_at
        if self.state == "settled":
            return self.answer.due_at if self.answer else None
        return self.deadline_at

    @property
    def finished(self) -> bool:
        """Settled, and the shop told, or at least once tried to be told."""
        return self.state == "settled" and (self.answer is None or self.answer.attempts > 0)
