"""The pages of the phone: what they show, made ready for the templates."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

from issuer_sms import numbers
from issuer_sms.messages import codes, encoding
from issuer_sms.messages.delivery import State, Treatment, treatment
from issuer_sms.messages.fates import Fate
from issuer_sms.messages.records import TextMessage
from issuer_sms.numbers import NumberNotValid
from issuer_sms.prompts import Prompt, PromptState
from issuer_sms.storage import PhoneSummary
from threedsecure.cards.test_cards import may_have_passkeys
from threedsecure.secrets.wallet import Request
from threedsecure.web.serving.templates import environment

STATIC: Final = files("issuer_sms") / "static"
RETURN: Final = "return"
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,40}):[!-~]{1,2048}")
_NEVER: Final = frozenset({"javascript", "data", "vbscript", "file", "blob", "filesystem", "about", "view-source"})
"""Schemes of addresses that do something to the page that links to them, or show what is on this machine."""

_TREATMENTS: Final = {
    Treatment.NORMAL: "",
    Treatment.LOST: "The network loses every text to this number.",
    Treatment.LATE: "Texts to this number arrive six minutes late.",
    Treatment.TWICE: "Texts to this number arrive twice.",
    Treatment.REFUSED: "The carrier refuses every text to this number.",
    Treatment.UNKNOWN: "Nobody has this number.",
    Treatment.OUT_OF_ORDER: "Texts to this number overtake each other.",
}


@dataclass(frozen=True, slots=True)
class _Bubble:
    """A text on the handset; `opening` tells that it begins a new day or comes from someone else than the one above."""

    message: TextMessage
    before: str
    code: str | None
    after: str
    at: datetime
    measure: encoding.Encoded
    opening: bool
    remarks: tuple[str, ...]


class Pages:
    """Renders the pages."""

    def __init__(self, banking_url: str | None = None, desk_url: str | None = None) -> None:
        """`banking_url`: where the bank has its cardholders make passkeys; `desk_url`: where the messages of a
        payment are shown."""
        self._banking_url = banking_url
        self._desk_url = desk_url
        self._templates = environment("issuer_sms")
        self._templates.filters.update(
            clock=_clock, day=_day, number=numbers.display, address=phone_address, wallet_address=wallet_address
        )

    def inbox(self, summaries: Sequence[PhoneSummary], now: datetime) -> str:
        phones = [(s, _network(s.number), _bubbles([s.latest])[0] if s.latest else None) for s in summaries]
        return self._render("inbox.html", phones=phones, query="", now=now)

    def found(self, query: str, messages: Sequence[TextMessage], now: datetime) -> str:
        """What a search found, the newest first."""
        bubbles = [(_bubbles([message])[0], _whereabouts(message)) for message in reversed(messages)]
        return self._render("search.html", bubbles=bubbles, query=query, number=_as_number(query), now=now)

    def phone(
        self,
        number: str,
        messages: Sequence[TextMessage],
        prompts: Sequence[Prompt],
        now: datetime,
        back: str | None = None,
        became: Mapping[str, Fate] = MappingProxyType({}),
    ) -> str:
        """`back`: an app that opened the banking app, and is returned to once that is done (`way_back`). `became`: what of the
        codes, by the ids of their texts."""
        arrived = sorted((m for m in messages if m.arrival is not None), key=lambda m: m.arrival or 0)
        return self._render(
            "phone.html",
            number=number,
            network=_network(number),
            bubbles=_bubbles(arrived),
            elsewhere=[(m, _whereabouts(m)) for m in messages if m.arrival is None],
            pending=[p for p in prompts if p.state is PromptState.PENDING],
            over=[p for p in prompts if p.state is not PromptState.PENDING],
            banking_url=self._banking_url if may_have_passkeys(number) else None,
            now=now,
            back=back,
            became=became,
            desk_url=self._desk_url,
        )

    def wallet(self, number: str, asked: Request, text: str, back: str) -> str:
        """What the holder of the wallet is asked. `text`: the request as it came; `back`: whom it goes back to."""
        return self._render("wallet.html", number=number, asked=asked, request=text, back=back)

    def problem(self, title: str, detail: str) -> str:
        return self._render("problem.html", title=title, detail=detail)

    def _render(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(**values)


def phone_address(number: str, back: str | None = None) -> str:
    """The page of a phone."""
    return f"/phones/{quote(number, safe='')}" + (f"?{urlencode({RETURN: back})}" if back else "")


def wallet_address(number: str) -> str:
    """The page of its wallet."""
    return f"{phone_address(number)}/wallet"


def way_back(address: str | None) -> str | None:
    """An address of an app or a page, where it is one that a link may lead to."""
    found = _ADDRESS.fullmatch(address or "")
    return None if found is None or found[1].lower() in _NEVER else address


def _bubbles(messages: Sequence[TextMessage]) -> list[_Bubble]:
    return [_bubble(message, above) for message, above in zip(messages, [None, *messages], strict=False)]


def _bubble(message: TextMessage, above: TextMessage | None) -> _Bubble:
    place = codes.locate(message.body)
    before, code, after = message.body, None, ""
    if place is not None:
        before, code, after = message.body[: place.start], message.body[place], message.body[place.stop :]
    opening = above is None or above.sender != message.sender or _at(above).date() != _at(message).date()
    return _Bubble(
        message, before, code, after, _at(message), encoding.measure(message.body), opening, tuple(_remarks(message))
    )


def _at(message: TextMessage) -> datetime:
    return message.passage.delivered_at or message.passage.queued_at


def _remarks(message: TextMessage) -> list[str]:
    passage, remarks = message.passage, []
    if message.copy_of is not None:
        remarks.append("second copy")
    if passage.delivered_at is not None and passage.delivered_at - passage.queued_at >= timedelta(seconds=1):
        remarks.append(f"{_duration(passage.delivered_at - passage.queued_at)} on its way")
    return remarks


def _whereabouts(message: TextMessage) -> str:
    """Where a text is, in words."""
    passage = message.passage
    match passage.state:
        case State.DELIVERED:
            return "delivered"
        case State.FAILED:
            return "refused by the carrier"
        case State.QUEUED:
            return f"waiting for the carrier until {_clock(passage.leaves_at)}"
        case _ if passage.arrives_at is None:
            return "sent, and lost on the way"
        case _:
            return f"on its way until {_clock(passage.arrives_at)}"


def _network(number: str) -> str:
    return _TREATMENTS[treatment(number)]


def _as_number(query: str) -> str | None:
    """The number that somebody typed into the search field, if it is one."""
    try:
        return numbers.parse("".join(query.split()))
    except NumberNotValid:
        return None


def _duration(time: timedelta) -> str:
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes and seconds else f"{minutes} min" if minutes else f"{seconds} s"


def _clock(instant: datetime) -> str:
    return instant.strftime("%H:%M:%S")


def _day(instant: datetime) -> str:
    return f"{instant:%A} {instant.day} {instant:%B}"
