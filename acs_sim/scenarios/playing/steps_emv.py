"""Steps of EMV 3-D Secure: 3DS Method, AReq, challenge, results, card ranges."""

import base64
from collections.abc import Mapping
from typing import Any, Final

import orjson

from acs_sim.client.cardholder import FULL_WINDOW, CardholderStuck
from acs_sim.client.challenge_page import Form, Page
from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.file.matching import ABSENT, Compared, compare, described, meets
from acs_sim.scenarios.file.model import Authenticate, Cardholder, Elements, Preparation, RangeEdit
from acs_sim.scenarios.playing.purchase import APP, REFERENCE, areq
from acs_sim.scenarios.playing.turn import Turn, brief
from acs_sim.scenarios.simulator import CannotPlay, NoAnswer

BROWSER: Final = "02"
CONFIRMING: Final = "S"
"""transStatus."""
METHOD_FIELD: Final = "threeDSMethodData"
ONLY_IN_A_BROWSER: Final = frozenset({"reload", "back", "return"})
_COMP_INDS: Final = {"called": "Y", "silent": "N", "late": "N", "bent": "N", "none": "U"}
_INVERSE: Final = {"A": "D", "D": "A", "M": "M"}
_EDITABLE: Final = ("versions", "acs_url", "three_ds_method_url", "acs_info_ind", "stand_in", "tells")


async def authenticate(turn: Turn, wish: Authenticate) -> None:
    column = turn.column.with_changes(wish)
    turn.through_gateway = wish.through is not None
    if turn.through_gateway:
        await _through_gateway(turn, wish, column)
        return
    brought = await _brought(turn, wish)
    turn.transaction_id, turn.drawn_id = turn.drawn_id or turn.draw_id(), None
    message = await _areq(turn, wish, column) | brought
    turn.conversation.did(f"authenticate, {column}")
    expected = "ARes" if wish.Erro is None else "Erro"
    try:
        answer = await turn.simulator.authenticate(turn.card["scheme"], message, wish.headers)
    except NoAnswer as failure:
        if wish.any:
            turn.conversation.did(f"no answer: {failure}")
            return
        if wish.fails is None:
            raise
        turn.conversation.expect("no answer", "fails", wish.fails, failure, met=wish.fails in str(failure))
        return
    if wish.fails is not None:
        turn.conversation.instead("no answer", brief(answer))
    if answer.get("messageType") != expected and not wish.any:
        turn.conversation.instead(expected, brief(answer))
    turn.conversation.compare(expected, compare(wish.Erro or wish.ARes or {}, answer))
    if answer.get("transStatus") == CONFIRMING:
        turn.prior, turn.assertion = answer, {}
    if turn.callback is not None:
        callback, turn.callback = turn.callback, None
        await callback()


async def _through_gateway(turn: Turn, wish: Authenticate, column: Column) -> None:
    """The app hands what its SDK says to the reference gateway, which draws the threeDSServerTransID and sends the AReq."""
    app = await turn.simulator.new_app(turn.card["scheme"], column.version, turn.scenario.app.told())
    turn.transaction_id = await turn.simulator.buy_in_app(turn.card, column.version, app)
    turn.conversation.did(f"pay through the reference gateway, {column}")
    turn.conversation.compare("ARes", compare(wish.ARes or {}, await _crossed(turn, "ARes")))


async def _crossed(turn: Turn, kind: str) -> dict[str, Any]:
    """The last message of a kind that the directory server sent to the 3DS Server."""
    messages = await turn.simulator.messages(turn.transaction)
    found = [one["message"] for one in messages if (one["kind"], one["to"]) == (kind, "3DS Server")]
    if not found:
        turn.conversation.instead(kind, "nothing that crossed")
    last: dict[str, Any] = found[-1]
    return last


async def _brought(turn: Turn, wish: Authenticate) -> dict[str, Any]:
    """What an AReq brings that follows an ARes S. Errors: `CannotPlay` where there was none."""
    if wish.confirmed is None:
        return {}
    if not turn.prior:
        raise CannotPlay("nothing was to be confirmed: no ARes S came before this AReq")
    prior = {"threeDSRequestorPriorAuthenticationInfo": [{"threeDSReqPriorDsTransId": turn.prior["dsTransID"]}]}
    if wish.confirmed.isdigit():
        return {**prior, "spcIncompInd": wish.confirmed}
    if wish.confirmed != "again":
        told = await turn.simulator.assertion(turn.transaction, amount="0.01" if wish.confirmed == "altered" else None)
        turn.assertion = told.get("assertion", told)
    at = (await turn.simulator.now()).strftime("%Y%m%d%H%M")
    said = {"threeDSReqAuthMethod": "09", "threeDSReqAuthTimestamp": at, "threeDSReqAuthData": turn.assertion}
    return {**prior, "threeDSRequestorAuthenticationInfo": [said]}


async def _areq(turn: Turn, wish: Authenticate, column: Column) -> dict[str, Any]:
    ours: dict[str, Any] = {
        "threeDSServerTransID": turn.transaction_id,
        "threeDSServerURL": turn.box.results_url,
        "notificationURL": turn.box.notification_url,
        "acctNumber": turn.card["pan"],
        "cardExpiryDate": turn.card["expiry"],
    }
    if column.channel != BROWSER:
        del ours["notificationURL"]
    elif turn.comp_ind is not None:
        ours["threeDSCompInd"] = turn.comp_ind
    if column.channel == APP:
        ours |= await turn.simulator.new_app(turn.card["scheme"], column.version, turn.scenario.app.told())
    now = await turn.simulator.now()
    return areq(column, now, ours, turn.scenario.purchase, wish.send, wish.besides)


# --- 3DS Method ---


async def method(turn: Turn, wish: str) -> None:
    """The browser opens the 3DS Method's page before the AReq, whose threeDSCompInd then says what came of it."""
    turn.comp_ind = _COMP_INDS[wish]
    url = await turn.simulator.method_url(turn.card["scheme"], turn.card["pan"])
    subject = f"3DS Method: {wish}"
    if wish == "none" or url is None:
        turn.conversation.expect(subject, "threeDSMethodURL", ABSENT, url or ABSENT, met=wish == "none" and url is None)
        return
    turn.drawn_id = turn.drawn_id or turn.draw_id()
    page = await _method_page(turn, url, turn.drawn_id)
    form = None if page is None else page.form_with(METHOD_FIELD)
    expected = "no form" if wish == "silent" else "a form that posts itself"
    found = "no form" if form is None else "a form that posts itself"
    turn.conversation.expect(subject, "the page has", expected, found, met=(form is None) == (wish == "silent"))
    if form is None:
        return
    if wish == "late":
        turn.callback = lambda: _call_back(turn, form)
    else:
        await _call_back(turn, form, bent=wish == "bent")


async def _method_page(turn: Turn, url: str, transaction_id: str) -> Page | None:
    """None when the bank shows nothing: the frame is one that nobody looks at."""
    data = {"threeDSServerTransID": transaction_id, "threeDSMethodNotificationURL": turn.box.method_url}
    try:
        return await turn.simulator.browser.visit(Form(url, {METHOD_FIELD: _base64url(data)}))
    except CardholderStuck as error:
        turn.conversation.did(f"the 3DS Method's page: {error}")
        return None


async def _call_back(turn: Turn, form: Form, *, bent: bool = False) -> None:
    """`bent`: with something that names no transaction, or not this one."""
    try:
        await turn.simulator.browser.deliver(form)
    except CardholderStuck as error:
        raise CannotPlay(f"the 3DS Method's callback: {error}") from error
    data = await turn.arrival("3DS Method callback", turn.box.called)
    expected = {"threeDSServerTransID": turn.drawn_id or turn.transaction_id}
    if bent:
        met = data.get("threeDSServerTransID") != expected["threeDSServerTransID"]
        turn.conversation.expect("3DS Method callback", "threeDSServerTransID", "another one", "this one", met=met)
        return
    turn.conversation.compare("3DS Method callback", compare(expected, data))


# --- challenge ---


async def act(turn: Turn, wish: Cardholder) -> None:
    if wish.do in ONLY_IN_A_BROWSER or wish.clicks > 1:
        raise CannotPlay(f"{wish.do} needs the cardholder's own browser: play this with --against or --browser")
    deed: dict[str, Any] = {"do": wish.do, "deliver": wish.deliver}
    deed |= {name: value for name in ("code", "choice") if (value := getattr(wish, name)) is not None}
    deed |= {name: True for name in ("trust", "bind") if getattr(wish, name)}
    if wish.CReq:
        deed["creq"] = await creq_with(turn, wish.CReq)
    status, outcome = await turn.simulator.act(turn.transaction, deed)
    turn.tell_deed(wish, status, outcome)


async def creq_with(turn: Turn, changes: Elements) -> str:
    """The CReq that opens the page, as a form's value, with `changes`."""
    known = await turn.simulator.transaction(turn.transaction)
    message = {
        "messageType": "CReq",
        "messageVersion": turn.scenario.version,
        "threeDSServerTransID": turn.transaction,
        "acsTransID": known.get("acsTransID"),
        "challengeWindowSize": FULL_WINDOW,
        **changes,
    }
    return _base64url({name: value for name, value in message.items() if value is not None})


async def result(turn: Turn, expected: Elements) -> None:
    came = _crossed(turn, "RReq") if turn.through_gateway else turn.message("RReq", turn.box.results)
    turn.conversation.compare("RReq", compare(expected, await came))


async def returned(turn: Turn, expected: Elements) -> None:
    turn.conversation.compare("CRes", compare(expected, await turn.message("CRes", turn.box.returned)))


# --- card ranges ---


async def prepare(turn: Turn, wish: Preparation) -> None:
    transaction_id = turn.draw_id()
    turn.transaction_id = turn.transaction_id or transaction_id
    message: dict[str, Any] = {
        "messageType": "PReq",
        "messageVersion": turn.scenario.version,
        "threeDSServerTransID": transaction_id,
        "threeDSServerRefNumber": REFERENCE,
    }
    if wish.since_last and turn.serial_num is not None:
        message["serialNum"] = turn.serial_num
    message = {name: value for name, value in {**message, **wish.send}.items() if value is not None}
    turn.conversation.did("fetch card ranges")
    try:
        answer = await turn.simulator.authenticate(turn.card["scheme"], message)
    except NoAnswer as failure:
        if wish.fails is None:
            raise
        turn.conversation.expect("no answer", "fails", wish.fails, failure, met=wish.fails in str(failure))
        return
    if wish.fails is not None:
        turn.conversation.instead("no answer", brief(answer))
    expected = "PRes" if wish.Erro is None else "Erro"
    if answer.get("messageType") != expected:
        turn.conversation.instead(expected, brief(answer))
    turn.serial_num = answer.get("serialNum", turn.serial_num)
    turn.conversation.compare(expected, [*compare(wish.Erro or wish.PRes or {}, answer), *_ranges(turn, wish, answer)])


def _ranges(turn: Turn, wish: Preparation, answer: Mapping[str, Any]) -> list[Compared]:
    entries = answer.get("cardRangeData") or []
    compared: list[Compared] = []
    if wish.ranges is not None:
        found = str(len(entries))
        compared.append(Compared("ranges", described(wish.ranges), found, meets(_text(wish.ranges), found)))
    if wish.range is not None:
        holding = [entry for entry in entries if _holds(entry, turn.card["pan"])]
        if not isinstance(wish.range, dict) or not holding:
            met = not holding and wish.range == ABSENT
            compared.append(Compared("range", described(wish.range), "there" if holding else ABSENT, met))
        else:
            compared += compare(wish.range, holding[-1])
    return compared


def _text(wanted: Any) -> Any:
    return str(wanted) if isinstance(wanted, int) else wanted


def _holds(entry: Mapping[str, Any], pan: str) -> bool:
    """An entry holds one range, or since 2.3.1 a list of them."""
    one = {"start": entry.get("startRange"), "end": entry.get("endRange")}
    ranges = entry.get("ranges") or [one]
    return any(
        len(str(each.get("start"))) == len(pan) and str(each.get("start")) <= pan <= str(each.get("end"))
        for each in ranges
    )


async def edit_ranges(turn: Turn, edits: list[RangeEdit]) -> None:
    """All is put back at the end of the play."""
    scheme = str(turn.card["scheme"])
    before = {(one["start"], one["end"]): one for one in await turn.simulator.ranges(scheme)}
    documents = [_edit(edit) for edit in edits]
    await turn.simulator.edit_ranges(scheme, documents)
    told = ", ".join(f"{edit.action} {edit.start} to {edit.end}" for edit in edits)
    turn.conversation.did(f"edit card ranges: {told}")
    back = [_inverse(edit, before.get((edit.start, edit.end), {})) for edit in reversed(edits)]
    turn.undo.append(lambda: turn.simulator.edit_ranges(scheme, back))


def _edit(edit: RangeEdit) -> dict[str, Any]:
    named = {name: getattr(edit, name) for name in edit.__struct_fields__}
    return {name: value for name, value in named.items() if value is not None}


def _inverse(edit: RangeEdit, before: Mapping[str, Any]) -> dict[str, Any]:
    inverse = {"action": _INVERSE[edit.action], "start": edit.start, "end": edit.end}
    return inverse if edit.action == "A" else inverse | {name: before[name] for name in _EDITABLE if name in before}


def _base64url(document: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode().rstrip("=")
