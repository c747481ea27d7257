"""Steps of every version: time, cards, phones, what crossed, what goes wrong on purpose."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from acs_sim.desk.api.documents import RuleWish
from acs_sim.scenarios.file.matching import Compared, compare
from acs_sim.scenarios.file.model import CLASSIC, CardStep, CardWish, MessageCheck, Operation, Phone
from acs_sim.scenarios.playing.conversation import follows
from acs_sim.scenarios.playing.turn import CannotAsk, Turn, brief, until_met
from acs_sim.scenarios.simulator import Simulator
from acs_sim.settings.durations import parse_duration
from threedsecure.cards.scenarios import NOT_ENROLLED_DIGIT, V1_SCENARIOS
from threedsecure.faults import POINTS, Fault, as_document
from threedsecure.faults.documents import OF_NO_PAYMENT, WITHOUT_CARD
from threedsecure.faults.points import THREE_DS_SERVER, Carrier

_MINTED: Final = (
    "scenario",
    "scheme",
    "version",
    "phone",
    "tries",
    "language",
    "transStatus",
    "reason",
    "password",
    "failures",
    "challenges",
    "unasked",
    "unaskedAmount",
    "beside",
    "passkey",
)
_WHICH_CARDS: Final = frozenset({"pan", "range", "acctNumber"})
_NEARLY: Final = timedelta(seconds=1)

_CODE = re.compile(r"\b[0-9]{6}\b")


async def wished(wish: CardWish, simulator: Simulator, version: str) -> dict[str, Any]:
    """The card that a file asks for, minted unless it is given. Errors: `CannotPlay`."""
    if wish.pan is not None:
        return await simulator.card(wish.pan)
    asked_for = {name: value for name in _MINTED if (value := getattr(wish, name)) is not None}
    classic = V1_SCENARIOS.get(wish.scenario or "")
    if version == CLASSIC and classic is not None and classic.version != NOT_ENROLLED_DIGIT:
        asked_for.setdefault("version", CLASSIC)
    return await simulator.mint(asked_for)


async def take_card(turn: Turn, card: dict[str, Any]) -> None:
    """Go on with this card; what the scenario says of its card holds for it too."""
    turn.card = card
    turn.conversation.did(f"a {card['scheme']} card: {card['scenario']}")
    for rule in turn.scenario.rules:
        await _make_rule(turn, rule)
    for fault in turn.scenario.faults:
        await arm(turn, fault)


async def card(turn: Turn, wish: CardStep) -> None:
    if wish.unlock:
        await turn.simulator.unlock(str(turn.card["pan"]))
        turn.conversation.did("the bank unlocks the card")
        return
    await take_card(turn, await wished(wish, turn.simulator, turn.scenario.version))


def never_happens(fault: Fault) -> str | None:
    """Why a fault is none that a payment in a browser can meet at another one's gateway; None where it can."""
    if fault.sent_by == THREE_DS_SERVER and POINTS[fault.at].carrier is not Carrier.ARRIVAL:
        return "it is about the answers of the reference gateway, and another one drives"
    if fault.at == "ORes":
        return "it is about a notice to the bank"
    return None


async def arm(turn: Turn, fault: Fault) -> None:
    """For this card alone, or before anybody knows the card for its next transaction, when the file limits it to nothing else."""
    if not turn.draws_ids and (why := never_happens(fault)) is not None:
        raise CannotAsk(f"a fault at the {fault.at} can never happen here: {why}")
    document = as_document(fault)
    if fault.card is None and fault.transaction is None and fault.at not in WITHOUT_CARD:
        document["card"] = turn.card["pan"]
    elif fault.transaction is None and fault.at in WITHOUT_CARD - OF_NO_PAYMENT:
        if not turn.draws_ids:
            turn.unarmed.append(document)
            turn.conversation.did(f"fault: {fault.do} at {fault.at}, once the browser is there")
            return
        document["transaction"] = turn.drawn_id = turn.drawn_id or turn.draw_id()
    await turn.arm(document)
    turn.conversation.did(f"fault: {fault.do} at {fault.at}")


async def _make_rule(turn: Turn, rule: RuleWish) -> None:
    """For this card alone, when the rule does not say which cards it is for."""
    document = msgspec.to_builtins(rule)
    if _WHICH_CARDS.isdisjoint(document.get("if", {})):
        document["if"] = {**document.get("if", {}), "pan": turn.card["pan"]}
    rule_id = await turn.simulator.make_rule(document)
    turn.undo.append(lambda: turn.simulator.remove_rule(rule_id))
    turn.conversation.did(f"rule: {rule.name or rule.then.get('scenario')}")


async def clock(turn: Turn, duration: str) -> None:
    await turn.simulator.move_clock(advance=duration)
    turn.conversation.did(f"{duration} pass")


async def restart(turn: Turn, party: str) -> None:
    await turn.simulator.restart(party)
    turn.conversation.did(f"{party} stops and starts again")


async def verdict(turn: Turn, wish: str) -> None:
    """What the findings say of the last transaction."""
    found = await turn.simulator.findings(turn.transaction) or []
    charges = [f"{each['rule']}: {each['title']}" for each in found if each["severity"] == "error"]
    turn.conversation.expect("the gateway", "verdict", wish, "; ".join(charges) or wish, met=not charges)


async def operation(turn: Turn, wish: Operation) -> None:
    """A notice, and what was answered."""
    named = ("to", "category", "severity", "parts", "left_out", "prior")
    told = {name: value for name in named if (value := getattr(wish, name)) is not None}
    sent = await turn.simulator.send_notice({"scheme": turn.card["scheme"], **told})
    turn.transaction_id = sent["seqId"]
    turn.conversation.did(f"a notice of the directory server to the {wish.to}")
    parts = sent["parts"]
    if wish.answers is not None:
        found = [_status(part) for part in parts]
        turn.conversation.expect("notice", "answers", wish.answers, found, met=wish.answers == found)
    last, kind = parts[-1], "ORes" if wish.Erro is None else "Erro"
    error = last.get("error") or "nothing"
    turn.conversation.expect("notice", "wrong", wish.fails or "nothing", error, met=(wish.fails or "nothing") in error)
    if wish.ORes is not None or wish.Erro is not None:
        answer = last.get("answer") or {}
        if answer.get("messageType") != kind:
            turn.conversation.instead(kind, brief(answer))
        turn.conversation.compare(kind, compare(wish.Erro or wish.ORes or {}, answer))


def _status(part: Mapping[str, Any]) -> str:
    answer = part.get("answer") or {}
    if answer.get("messageType") == "Erro":
        return f"Erro {answer.get('errorCode')}"
    return str(answer.get("opStatus", "none"))


# --- the phone ---


async def phone(turn: Turn, wish: Phone) -> None:
    number = str(turn.card["phone"])

    async def looked() -> list[Compared]:
        prompts = await turn.simulator.prompts(number) if _about_prompts(wish) else []
        return _on_phone(wish, await turn.simulator.texts(number), prompts)

    turn.conversation.compare("phone", await until_met(looked))
    if wish.decide is not None:
        await turn.simulator.decide(number, wish.decide)
        turn.conversation.did(f"banking app: {wish.decide}")
    if wish.clear:
        await turn.simulator.clear_texts(number)
        turn.conversation.did("the texts are deleted")


def _about_prompts(wish: Phone) -> bool:
    return (wish.prompts, wish.prompt, wish.decide) != (None, None, None)


def _on_phone(wish: Phone, texts: list[dict[str, Any]], prompts: list[dict[str, Any]]) -> list[Compared]:
    compared: list[Compared] = []
    if wish.texts is not None:
        compared.append(Compared("texts", str(wish.texts), str(len(texts)), wish.texts == len(texts)))
    if wish.latest is not None:
        latest = str(texts[-1]["body"]) if texts else "no text"
        shown = _CODE.sub("******", latest)
        compared.append(Compared("latest", wish.latest, shown, bool(texts) and wish.latest in latest))
    if wish.prompts is not None:
        compared.append(Compared("prompts", str(wish.prompts), str(len(prompts)), wish.prompts == len(prompts)))
    if wish.prompt is not None:
        newest = f"{prompts[-1]['title']} {prompts[-1]['body']}" if prompts else "no prompt"
        compared.append(Compared("prompt", wish.prompt, newest, bool(prompts) and wish.prompt in newest))
    if wish.decide is not None and not prompts:
        compared.append(Compared("decide", "a prompt that waits", "no prompt", met=False))
    return compared


# --- what crossed ---


async def message(turn: Turn, wish: MessageCheck) -> None:
    async def looked() -> list[Compared]:
        return _among(wish, await turn.simulator.messages(turn.transaction))

    way = f" from {wish.sender}" * bool(wish.sender) + f" to {wish.receiver}" * bool(wish.receiver)
    turn.conversation.compare(f"message {wish.kind}{way}", await until_met(looked))


async def order(turn: Turn, expected: list[str]) -> None:
    async def looked() -> list[Compared]:
        found.clear()
        found.extend(each["kind"] for each in await turn.simulator.messages(turn.transaction))
        return [Compared("order", "", "", follows(expected, found))]

    found: list[str] = []
    await until_met(looked)
    turn.conversation.in_order(expected, found)


def _among(wish: MessageCheck, messages: list[dict[str, Any]]) -> list[Compared]:
    chosen = [
        each
        for each in messages
        if each["kind"] == wish.kind and wish.sender in (None, each["from"]) and wish.receiver in (None, each["to"])
    ]
    if wish.count is not None and len(chosen) != wish.count:
        return [Compared("count", str(wish.count), str(len(chosen)), met=False)]
    number = wish.number or len(chosen)
    if number > len(chosen) or (number == 0 and wish.count != 0):
        return [Compared("number", str(wish.number or "1 or more"), f"there are {len(chosen)}", met=False)]
    counted = [Compared("count", str(wish.count), str(len(chosen)), met=True)] if wish.count is not None else []
    if not number:
        return counted
    one = chosen[number - 1]
    return [*counted, *_timed(wish, one, messages), *compare(wish.has, one["message"])]


def _timed(wish: MessageCheck, one: Mapping[str, Any], messages: list[dict[str, Any]]) -> list[Compared]:
    """When it crossed, on the clock of the simulator."""
    limits = {name: value for name in ("at", "within", "after", "before") if (value := getattr(wish, name)) is not None}
    if not limits:
        return []
    bases = [each for each in messages if wish.since in (None, each["kind"])]
    if not bases:
        return [Compared("since", str(wish.since), "there is none", met=False)]
    passed = _instant(one) - _instant(bases[0] if wish.since is None else bases[-1])
    found = f"{passed.total_seconds():g}s"
    return [Compared(name, text, found, _in_time(name, parse_duration(text), passed)) for name, text in limits.items()]


def _in_time(name: str, limit: timedelta, passed: timedelta) -> bool:
    match name:
        case "at":
            return abs(passed - limit) < _NEARLY
        case "within":
            return passed <= limit
        case "after":
            return passed >= limit
        case _:
            return passed < limit


def _instant(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])
