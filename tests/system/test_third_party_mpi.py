"""An MPI written by someone else, with lxml and the standard library only, lives its whole life against a simulator in its own
process; xmlsec1 judges the signature."""

import base64
import secrets
import urllib.parse
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.support import classic_mpi
from tests.support.classic_mpi import XML, Answer, packed, unpacked, xmlsec1_accepts
from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import simulator
from tests.support.third_party import Page, answer, get_json, post, post_form, post_json

TERM = "https://shop.example/3ds1/term"
MD = "order 7 & 8"


@pytest.fixture(scope="module")
def sim():
    with simulator("--fresh") as running:
        yield running


@pytest.fixture
def card(sim):
    wanted = {"scheme": "visa", "scenario": "challenge-otp", "version": "1.0.2"}
    return post_json(sim.desk + "/api/cards", wanted)


def ask(sim, message: bytes, scheme: str = "visa") -> Answer:
    status, text = post(f"{sim.directory_server}/{scheme}/3ds1", message, XML)
    assert status == 200
    return Answer(text.encode())


def opened(sim, card, xid: str) -> Page:
    """CRReq, VEReq, and the PAReq in the browser's form: the issuer's page."""
    ranges = ask(sim, classic_mpi.crreq())
    begins, ends = ranges.all("CRRes/CR/begin"), ranges.all("CRRes/CR/end")
    assert any(begin <= card["pan"] <= end for begin, end in zip(begins, ends, strict=True))
    message_id = secrets.token_hex(10)
    veres = ask(sim, classic_mpi.vereq(card["pan"], message_id))
    assert (veres.id, veres["VERes/CH/enrolled"]) == (message_id, "Y")
    pareq = classic_mpi.pareq(veres["VERes/CH/acctID"], secrets.token_hex(10), xid=xid)
    return Page(post_form(veres["VERes/url"], {"PaReq": packed(pareq), "TermUrl": TERM, "MD": MD}))


def pares_of(page: Page) -> Answer:
    assert (page.action, page.fields["MD"]) == (TERM, MD)
    return Answer(unpacked(page.fields["PaRes"]))


def code_sent_to(sim, phone: str) -> str:
    return get_json(f"{sim.phone}/api/phones/{urllib.parse.quote(phone)}/latest?wait=60")["code"]


def trusted(sim, pares: Answer, folder) -> bool:
    with urllib.request.urlopen(sim.acs + "/3ds1/root.pem", timeout=PATIENCE_SECONDS) as root:
        return xmlsec1_accepts(pares.xml, root.read(), datetime.now(UTC), folder)


def test_the_code_read_on_the_phone_gives_a_signed_pares_y(sim, card, tmp_path):
    xid = base64.b64encode(secrets.token_bytes(20)).decode()
    page = opened(sim, card, xid)
    assert {"code", "submit", "resend", "cancel"} <= page.ids
    pares = pares_of(answer(page, code_sent_to(sim, card["phone"])))
    assert (pares["PARes/TX/status"], pares["PARes/TX/eci"], pares["PARes/Purchase/xid"]) == ("Y", "05", xid)
    assert len(base64.b64decode(pares["PARes/TX/cavv"])) == 20
    assert pares["PARes/pan"] == card["pan"][-4:].zfill(16)
    assert trusted(sim, pares, tmp_path)
    found = get_json(f"{sim.desk}/api/transactions/{urllib.parse.quote(xid, safe='')}/messages")
    kinds = [message["kind"] for message in found["messages"]]
    assert [kind for kind in kinds if kind in {"VEReq", "VERes", "PAReq", "PARes", "SMS"}] == [
        "VEReq",
        "VEReq",
        "VERes",
        "VERes",
        "PAReq",
        "SMS",
        "PARes",
    ]


def test_three_wrong_codes_give_a_signed_pares_n(sim, card, tmp_path):
    page = opened(sim, card, base64.b64encode(secrets.token_bytes(20)).decode())
    code = code_sent_to(sim, card["phone"])
    wrong = "000000" if code != "000000" else "111111"
    for left in ("2", "1"):
        page = answer(page, wrong)
        assert left in page.message
    pares = pares_of(answer(page, wrong))
    assert (pares["PARes/TX/status"], pares["PARes/TX/cavv"], pares["PARes/pan"]) == ("N", None, "0" * 16)
    assert trusted(sim, pares, tmp_path)


def test_a_tampered_pares_is_not_trusted(sim, tmp_path):
    card = post_json(sim.desk + "/api/cards", {"scheme": "visa", "scenario": "bad-signature"})
    pares = pares_of(opened(sim, card, base64.b64encode(secrets.token_bytes(20)).decode()))
    assert pares["PARes/TX/status"] == "Y"
    assert not trusted(sim, pares, tmp_path)


def test_an_entity_bomb_is_answered_by_an_error(sim):
    bomb = b'<!DOCTYPE b [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY c "&a;&a;&a;">]><ThreeDSecure>&c;</ThreeDSecure>'
    assert ask(sim, bomb)["Error/errorCode"] == "1"
