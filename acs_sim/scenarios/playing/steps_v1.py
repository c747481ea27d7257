"""Steps of 3-D Secure 1.0.2: VEReq, PAReq, the bank's page, PARes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509

from acs_sim.client.cardholder import CardholderStuck
from acs_sim.client.challenge_page import Form, Page
from acs_sim.scenarios.file.matching import Compared, compare
from acs_sim.scenarios.file.model import Cardholder, Elements, Enrolment, Payment, Preparation
from acs_sim.scenarios.playing.turn import Classic, Turn, brief
from acs_sim.scenarios.simulator import CannotPlay
from threedsecure.v1 import identifiers, messages
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError
from threedsecure.v1.signature.verification import SignatureInvalid, verify

SHOP: Final = messages.Shop("400000", "12345678", "Librairie Exemple", "250", "https://librairie.example")
AMOUNT: Final = 4200
EURO: Final = "978"
SESSION: Final = "the session of this play"

_CODE = re.compile(r"\b[0-9]{6}\b")
_DIGIT = re.compile(r"[0-9]")


async def enrolment(turn: Turn, wish: Enrolment) -> None:
    message_id = identifiers.message_id(turn.random.randbytes)
    turn.transaction_id = message_id
    vereq = messages.verify_enrolment_request(
        message_id,
        messages.Requester(SHOP.acq_bin, SHOP.mer_id),
        turn.card["pan"],
        accept="text/html",
        user_agent="Mozilla/5.0 (X11; Linux x86_64)",
    )
    turn.conversation.did("ask whether the card takes part, version 1.0.2")
    answer = await _asked(turn, _changed(vereq, wish.send), "VERes", wish)
    if answer is None:
        return
    turn.classic = Classic(answer)


async def prepare(turn: Turn, wish: Preparation) -> None:
    """Fetch card ranges by CRReq."""
    message_id = identifiers.message_id(turn.random.randbytes)
    turn.transaction_id = turn.transaction_id or message_id
    serial = turn.serial_num if wish.since_last else None
    crreq = messages.card_range_request(message_id, messages.Requester(SHOP.acq_bin, SHOP.mer_id), serial_number=serial)
    turn.conversation.did("fetch card ranges, version 1.0.2")
    answer = await _asked(turn, _changed(crreq, wish.send), "CRRes", wish)
    if answer is not None:
        turn.serial_num = answer.get("serialNumber", turn.serial_num)


async def _asked(
    turn: Turn, message: Mapping[str, Any], kind: str, wish: Enrolment | Preparation
) -> dict[str, Any] | None:
    """What the directory server answers, None where it fails as it should. Errors: `Unmet`."""
    try:
        answer = decode(await turn.simulator.post_xml(turn.card["scheme"], encode(message)))
    except (CannotPlay, MessageError) as failure:
        if wish.fails is None:
            turn.conversation.instead(f"{kind} or Error", f"something unreadable: {failure}")
        turn.conversation.expect("no answer", "fails", wish.fails, failure, met=wish.fails in str(failure))
        return None
    if wish.fails is not None:
        turn.conversation.instead("no answer", brief(answer))
    expected = kind if wish.Error is None else "Error"
    if answer["messageType"] != expected:
        turn.conversation.instead(expected, brief(answer))
    turn.conversation.compare(expected, compare(wish.Error or getattr(wish, kind) or {}, answer))
    return answer


async def payment(turn: Turn, wish: Payment) -> None:
    """The browser posts PaReq, TermUrl and MD to the address in the VERes. A page that posts itself does so."""
    classic = _enrolled(turn)
    classic.pareq = _changed(await _pareq(turn, classic.veres), {**turn.scenario.purchase, **wish.send})
    fields = {"PaReq": pack(encode(classic.pareq)), "TermUrl": turn.box.term_url, "MD": SESSION}
    turn.conversation.did("the browser carries the PAReq to the bank")
    try:
        page = await turn.simulator.browser.visit(Form(str(classic.veres["url"]), fields))
        classic.page = await turn.simulator.browser.wait(page)
    except CardholderStuck as error:
        if wish.fails is None:
            raise CannotPlay(f"the bank's page: {error}") from error
        turn.conversation.expect("no page", "fails", wish.fails, error, met=wish.fails in str(error))
        return
    if wish.fails is not None:
        turn.conversation.instead("no page", _words(classic.page) or "a page")
    if wish.says is not None:
        says = _words(classic.page)
        turn.conversation.compare("the bank's page", [Compared("says", wish.says, says, wish.says in says)])
    if classic.page.result is not None:
        await turn.simulator.browser.deliver(classic.page.result)


async def act(turn: Turn, wish: Cardholder) -> None:
    """What the person does with the bank's page; the code is read from the phone."""
    classic = _enrolled(turn)
    if classic.page is None:
        raise CannotPlay("the bank shows no page: this needs a payment step before it")
    status, outcome = 200, {}
    try:
        if wish.do != "abandon":
            entry = await _entry(turn, wish)
            classic.page = await turn.simulator.browser.press(classic.page, wish.do, entry)
            classic.page = await turn.simulator.browser.wait(classic.page)
        outcome = _outcome(turn, classic.page)
        if classic.page.result is not None and wish.deliver:
            await turn.simulator.browser.deliver(classic.page.result)
    except CardholderStuck as error:
        status, outcome = 409, {"detail": str(error)}
    turn.tell_deed(wish, status, outcome)


async def returned(turn: Turn, expected: Elements) -> None:
    """The PARes at TermUrl; `signature` among the elements tells whether it is to be believed."""
    field = await turn.arrival("PARes", turn.box.pares)
    try:
        xml = unpack(field)
    except MessageError as error:
        turn.conversation.instead("PARes", f"something unreadable: {error}")
    message = _read(turn, xml, "PARes or Error")
    kind = "Error" if "errorCode" in expected else "PARes"
    if message["messageType"] != kind:
        turn.conversation.instead(kind, brief(message))
    elements = {name: value for name, value in expected.items() if name != "signature"}
    compared = compare(elements, message)
    if "signature" in expected:
        found = await _signature(turn, xml)
        compared.append(Compared("signature", expected["signature"], found, found.startswith(expected["signature"])))
    turn.conversation.compare(kind, compared)


async def _pareq(turn: Turn, veres: Mapping[str, Any]) -> dict[str, Any]:
    purchase = messages.Purchase(
        xid=identifiers.xid(turn.random.randbytes),
        date=await turn.simulator.now(),
        amount=AMOUNT,
        currency=EURO,
        exponent=2,
        expiry=turn.card["expiry"],
    )
    return messages.payer_authentication_request(identifiers.message_id(turn.random.randbytes), veres, SHOP, purchase)


async def _signature(turn: Turn, xml: bytes) -> str:
    roots = x509.load_pem_x509_certificates(await turn.simulator.classic_root())
    try:
        verify(xml, trusted=roots, at=await turn.simulator.now())
    except SignatureInvalid as error:
        return f"invalid: {error}"
    return "valid"


def _enrolled(turn: Turn) -> Classic:
    if turn.classic is None or turn.classic.veres.get("url") is None:
        raise CannotPlay("the card is not enrolled: no VERes told the address of a bank")
    return turn.classic


def _read(turn: Turn, raw: bytes, expected: str) -> dict[str, Any]:
    try:
        return decode(raw)
    except MessageError as error:
        turn.conversation.instead(expected, f"something unreadable: {error}")


async def _entry(turn: Turn, wish: Cardholder) -> str | None:
    if wish.code not in ("correct", "wrong"):
        return wish.code
    texts = await turn.simulator.texts(str(turn.card["phone"]))
    codes = [code[0] for text in texts if (code := _CODE.search(str(text["body"]))) is not None]
    if wish.code == "wrong":
        return str((int(codes[-1] if codes else 0) + 1) % 10**6).zfill(6)
    if not codes:
        raise CannotPlay("there is no SecureCode on the phone")
    return codes[-1]


def _outcome(turn: Turn, page: Page) -> dict[str, Any]:
    """As the headless cardholder of EMV 3DS tells it; transStatus is the status of the PARes."""
    says = _words(page)
    left = _DIGIT.search(says)
    outcome: dict[str, Any] = {"message": says, "tries_left": int(left[0]) if left is not None else None}
    if page.result is not None:
        message = _read(turn, unpack(page.result.fields.get("PaRes", "")), "PARes")
        outcome["transStatus"] = message.get("TX", {}).get("status")
    return outcome


def _words(page: Page) -> str:
    return page.message or page.title


def _changed(message: dict[str, Any], changes: Elements) -> dict[str, Any]:
    """`message` with other elements; one that is changed to None is taken away."""
    for path, value in changes.items():
        *parents, name = path.split(".")
        inner = message
        for parent in parents:
            inner[parent] = inner = dict(inner.get(parent) or {})
        if value is None:
            inner.pop(name, None)
        else:
            inner[name] = value
    return message
