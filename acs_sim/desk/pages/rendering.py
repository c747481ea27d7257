"""The desk's own pages, drawn on the server: what they show is decided here, how they look in the templates."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup, escape

from acs_sim.checking.element_pages import address_of
from acs_sim.client.card_list import grouped
from acs_sim.desk.api.documents import ClockState, Transaction
from acs_sim.desk.words import TONES, TRANS_STATUS, amount_text
from threedsecure.web.serving.templates import environment
from threedsecure.web.wire import WireResponse, page

STATIC: Final = files("acs_sim.desk.pages") / "static"
NEARLY_NOW_SECONDS: Final = 2.0
_CODE: Final = Markup("<code>{}</code>")
_NAME: Final = Markup('<span class="k">{0}</span>')
_LINKED: Final = Markup('<a class="k" href="{1}">{0}</a>')


def render(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(**values)


def shown(name: str, status: int = 200, **values: Any) -> WireResponse:
    """A page of the desk."""
    return page(render(name, **values), status)


def drift(clock: ClockState) -> str:
    """How far the virtual clock is from the wall clock, in words; empty when they agree."""
    if clock.frozen:
        return "frozen"
    ahead = clock.ahead_seconds
    if abs(ahead) < NEARLY_NOW_SECONDS:
        return ""
    return f"{_length(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"


def facts(one: Transaction) -> list[tuple[str, str]]:
    """What is known of a transaction beyond its headline."""
    challenge = one.challenge or {}
    known = {
        "Card": " ".join(part for part in (one.pan, one.scheme) if part),
        "Version": one.version,
        "Directory server": one.state,
        "Challenge": challenge.get("state"),
        "Reason": one.transStatusReason or challenge.get("transStatusReason"),
        "ECI": one.eci or challenge.get("eci"),
        "Tries": challenge.get("interactionCounter"),
        "Results": one.results_status,
        "Begun": _clock_time(one.created_at),
    }
    return [(name, str(value)) for name, value in known.items() if value]


def identifiers(one: Transaction) -> list[tuple[str, str]]:
    """Every id of a transaction, by its name in the messages."""
    known = {
        "threeDSServerTransID": one.id,
        "dsTransID": one.dsTransID,
        "acsTransID": one.acsTransID,
        "sdkTransID": one.sdkTransID,
    }
    return [(name, value) for name, value in known.items() if value]


def as_json(value: Any, kind: str = "", indent: str = "", within: str = "") -> Markup:
    """A message as indented JSON, with its names, texts and other values marked for the stylesheet.

    `kind`: its type, to link the names of its elements to what the reference says of them; `within`: the dotted name of the
    element that `value` is."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        members = [_member(name, member, kind, inner, within) for name, member in value.items()]
        return Markup("{{\n{}\n{}}}").format(Markup(",\n").join(members), indent)
    if isinstance(value, list) and value:
        items = [Markup("{}{}").format(inner, as_json(item, kind, inner, within)) for item in value]
        return Markup("[\n{}\n{}]").format(Markup(",\n").join(items), indent)
    mark = "s" if isinstance(value, str) else "n"
    return Markup('<span class="{}">{}</span>').format(mark, _quoted(value))


def _member(name: str, value: Any, kind: str, indent: str, within: str) -> Markup:
    element = f"{within}.{name}" if within else name
    address = address_of(kind, element)
    shown_name = (_LINKED if address else _NAME).format(_quoted(name), address)
    return Markup("{}{}: {}").format(indent, shown_name, as_json(value, kind, indent, element))


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _length(seconds: float) -> str:
    days, rest = divmod(round(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    parts = {"d": days, "h": hours, "min": rest // 60, "s": rest % 60}
    return " ".join(f"{count} {unit}" for unit, count in parts.items() if count)


def _clock_time(text: str | None) -> str:
    if text is None:
        return ""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%d %b %H:%M:%S")


def _took(seconds: float) -> str:
    """A duration as short as it reads."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else _length(seconds)


def left(until: str, now: datetime) -> str:
    """How long it is until an instant, as a clock that runs down: 4:12."""
    seconds = max(0, int((datetime.fromisoformat(until) - now).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _amount(one: Transaction) -> str:
    return amount_text(one.amount, one.currency, one.exponent)


def _coded(text: str) -> Markup:
    """Text in which `words` between backticks are code."""
    parts = [_CODE.format(part) if number % 2 else escape(part) for number, part in enumerate(text.split("`"))]
    return Markup("").join(parts)


@cache
def _environment() -> Environment:
    pages = environment("acs_sim.desk.pages")
    pages.filters["drift"] = drift
    pages.filters["left"] = left
    pages.filters["grouped"] = grouped
    pages.filters["as_json"] = as_json
    pages.filters["reference"] = lambda element, message: address_of(message, element)
    pages.filters["coded"] = _coded
    pages.filters["amount"] = _amount
    pages.filters["money"] = lambda amount: amount_text(*amount) if amount else ""
    pages.filters["moment"] = lambda at: at.astimezone(UTC).strftime("%d %b %H:%M:%S")
    pages.filters["trusted"] = Markup
    pages.filters["took"] = _took
    pages.filters["clock_time"] = _clock_time
    pages.filters["tone"] = lambda status: TONES.get(status, "")
    pages.filters["told"] = lambda status: escape(TRANS_STATUS.get(status, ""))
    return pages
