"""What the issuer can be told: where it stands, whom it calls, how patient it is."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Final, Literal
from urllib.parse import urlsplit

from acs.banks import BANKS, Bank, bank_of
from threedsecure.addresses import at_a_name
from threedsecure.cards.other_cards import NO_OTHER_CARDS, OtherCards
from threedsecure.cards.plays import CODE_VALIDITY
from threedsecure.v2.validation.as_of import NONE

CHALLENGE_PATH: Final = "/3ds2/challenge"
APP_CHALLENGE_PATH: Final = "/3ds2/app-challenge"
ANSWER_PATH: Final = "/3ds2/challenge/answer"
STATE_PATH: Final = "/3ds2/challenge/state"
DECISION_PATH: Final = "/banking-app/decision"
BANKING_PATH: Final = "/bank/passkeys"
WALLET_PATH: Final = "/3ds2/challenge/wallet"
PAREQ_PATH: Final = "/3ds1/pareq"
CLASSIC_ANSWER_PATH: Final = "/3ds1/challenge/answer"


@dataclass(frozen=True, slots=True)
class Timers:
    """Protocol time, read from the virtual clock (EMV 3DS: flows, timers)."""

    first_creq: timedelta = timedelta(seconds=30)
    """From the ARes to the first CReq."""
    idle: timedelta = timedelta(minutes=10)
    """From a page to the answer that it asks for."""
    second_areq: timedelta = timedelta(minutes=10)
    """From an ARes S to the AReq that follows it; a 3DS Server has nine minutes (2.3.1)."""
    code_validity: timedelta = CODE_VALIDITY
    ask_retry: timedelta = timedelta(seconds=10)
    """After which the phone is asked again where nothing says that it was reached."""
    results_retry: tuple[timedelta, ...] = tuple(
        timedelta(seconds=seconds) for seconds in (1, 5, 10, 30, 60, 300, 600, 1800, 3600)
    )
    """What passes between two attempts to deliver an RReq; after the last one it is given up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`failures`: how many failed purchases in a row lock the card, 0 for never. `challenges`: how many challenges a card gets
    within `window`, 0 for as many as it is asked for. `unasked`: how many payments in a row pass without a challenge before one is
    challenged, `unasked_amount`: how much they may come to, in minor units; 0 for without end."""

    failures: int = 5
    challenges: int = 0
    unasked: int = 0
    unasked_amount: int = 0
    window: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class AcsSettings:
    """`public_url` and `phone_url` have no trailing slash. Network time-outs are real seconds; `timers` are virtual time."""

    public_url: str = "http://127.0.0.1:8200"
    phone_url: str = "http://127.0.0.1:8300"
    bank: Bank = BANKS[0]
    """The bank that speaks."""
    bank_domain: str | None = None
    """Where each bank's pages have a host of their own, what follows the bank's key in its name."""
    sms_sender: str = "BANQUE"
    acs_reference_number: str = "ACS-SIM-ACS-0001"
    acs_operator_id: str = "ACS-SIM"
    versions: tuple[str, ...] = ("2.1.0", "2.2.0", "2.3.1")
    tries: int = 3
    resends: int = 2
    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)
    """What locks a card, and how often it may be asked."""
    results_timeout: float = 5.0
    """How long a directory server may take to answer an RReq, and how long the cardholder is kept waiting for that."""
    phone_timeout: float = 3.0
    silence: float = 60.0
    """How long `acs-timeout` keeps its caller waiting."""
    result_lead: float = 10.0
    """How long `results-early` keeps the CRes back after the RReq."""
    method_delay: float = 12.0
    """How long `method-late` keeps the 3DS Method back; 3DS Servers wait 10 seconds (2.3.1: 5)."""
    auto_delay: timedelta = timedelta(milliseconds=1500)
    """How long a page that finishes by itself can be seen."""
    rules_as_of: str = NONE
    """The day whose dated rules are in force (ISO 8601), `today` by the simulator's clock, or `none`."""
    repeated_creq: Literal["shown", "refused"] = "shown"
    """What a browser's CReq once more is answered: the page as it stands, or in 2.3.1 Erro 314."""
    takes_operations: bool = True
    """Whether an OReq is answered as received, else with opStatus 03 (not supported)."""
    issuer_decides: str | None = None
    """The address of the issuer's own decision service, which is asked before every answer to an AReq."""
    decision_timeout: float = 2.0
    """How long it may take."""
    decision_missed: Literal["card", "challenge", "unavailable"] = "card"
    """What is answered when it did not decide: as the card says, a SecureCode, or U."""
    decoupled_missed: str = "N"
    """transStatus when nobody decided in time. Sources disagree: N or U."""
    erro_field: str = "cres"
    """The form field that carries an Erro to notificationURL. Sources disagree: another ACS also fills `erro`."""
    content_signature: Literal["ES256", "PS256"] = "ES256"
    """How acsSignedContent is signed."""
    unknown_kid: Literal["301", "302"] = "301"
    """errorCode for an app's CReq whose kid names no transaction. The specification is not clear about it."""
    pares_signature: Literal["rsa-sha1", "rsa-sha256"] = "rsa-sha1"
    """How a PARes of 3-D Secure 1.0.2 is signed. All real ones used SHA-1."""
    other_cards: OtherCards = NO_OTHER_CARDS
    """Numbers of other systems that this issuer has cards of, in EMV 3-D Secure."""

    passkey_timeout: timedelta = timedelta(minutes=3)
    """How long the cardholder's browser asks for a passkey (2.3.1: 60 to 500 seconds)."""

    def of(self, pan: str) -> "AcsSettings":
        """The same for the bank that issued a card: under its name and, with a `bank_domain`, at its own address."""
        return self._of_banks[bank_of(pan).key]

    @cached_property
    def _of_banks(self) -> dict[str, "AcsSettings"]:
        return {bank.key: replace(self, bank=bank, public_url=self.bank_url(bank)) for bank in BANKS}

    def bank_url(self, bank: Bank) -> str:
        """The base address of a bank's pages."""
        if self.bank_domain is None:
            return self.public_url
        parts = urlsplit(self.public_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{bank.key}.{self.bank_domain}{port}{parts.path}"

    @property
    def also_at(self) -> tuple[str, ...]:
        """The addresses that the banks have beside `public_url`."""
        if self.bank_domain is not None:
            return tuple(self.bank_url(bank) for bank in BANKS)
        named = self.at_a_name
        return () if named in (None, self) else (named.public_url,)

    @cached_property
    def at_a_name(self) -> "AcsSettings | None":
        """The same at an address that passkeys can belong to, which is one with a name (WebAuthn, relying party identifier): this
        machine is `localhost`. None where there is none."""
        named = at_a_name(self.public_url)
        return None if named is None else self if named == self.public_url else replace(self, public_url=named)

    @property
    def rp_id(self) -> str:
        """Whose the passkeys are."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def origin(self) -> str:
        """Of the bank's pages, as browsers tell it."""
        parts = urlsplit(self.public_url)
        standard = {"http": 80, "https": 443}.get(parts.scheme)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, standard) else "")

    @property
    def issuer_name(self) -> str:
        return self.bank.name

    @property
    def acs_url(self) -> str:
        """Where browsers post the CReq."""
        return self.public_url + CHALLENGE_PATH

    @property
    def app_challenge_url(self) -> str:
        """Where the SDKs of apps post the CReq."""
        return self.public_url + APP_CHALLENGE_PATH

    @property
    def banking_url(self) -> str:
        """Where cardholders make passkeys."""
        return self.public_url + BANKING_PATH

    @property
    def answer_url(self) -> str:
        """Where the pages of the challenge post to."""
        return self.public_url + ANSWER_PATH

    @property
    def wallet_url(self) -> str:
        """Where a wallet sends the browser back to."""
        return self.public_url + WALLET_PATH

    @property
    def state_url(self) -> str:
        """Where a page that waits asks whether the wait is over."""
        return self.public_url + STATE_PATH

    @property
    def decision_url(self) -> str:
        """Where the banking app tells what the cardholder decided."""
        return self.public_url + DECISION_PATH

    @property
    def classic_acs_url(self) -> str:
        """Where browsers post the PaReq."""
        return self.public_url + PAREQ_PATH

    @property
    def classic_answer_url(self) -> str:
        """Where the pages of a 3-D Secure 1.0.2 challenge post to."""
        return self.public_url + CLASSIC_ANSWER_PATH
