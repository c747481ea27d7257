"""3-D Secure 1.0.2 at the ACS: enrolment, the challenge, the signed PARes; the other side is typed by hand, xmlsec1 judges."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from acs.cards.plays import play_v1_of
from acs.v1.states import TRANSITIONS, State
from acs.v1.storage import SCHEMA
from tests.acs.stage import Shown, Stage, stage
from tests.support.classic_mpi import XID, XML, Answer, packed, pareq, unpacked, vereq, xmlsec1_accepts
from tests.support.engine import on_both_engines, on_sqlite_alone, written
from tests.support.simulator import STARTED_AT, runtime
from threedsecure.cards.authentication_values import verify_classic_authentication_value
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import V1_SCHEMES, compose
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.v1.errors import InvalidRequestCode
from threedsecure.v1.signature.signing import SignatureDefect

pytestmark = on_both_engines

OTP = compose("visa", V1_SCENARIOS["challenge-otp"])
PASSIVE = compose("visa", V1_SCENARIOS["frictionless"])
TERM = "https://shop.example/3ds1/term?order=7&x=1"
MD = 'opaque "& <data> é=='
NEVER_SENT = "no code"


@dataclass
class Mpi:
    """A merchant plug-in, and the cardholder's browser."""

    acs: Stage
    accounts: list[str] = field(default_factory=list)

    async def lookup(self, pan: str, message_id: str = "VEReq-1", path: str = "/3ds1/vereq") -> Answer:
        body = BytesIO(vereq(pan, message_id))
        async with self.acs.browser.post(self.acs.url + path, data=body, headers={"Content-Type": XML}) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, XML)
            return Answer(await answer.read())

    async def pay(self, pan: str = OTP, **changes: str) -> Shown:
        """VEReq, then PAReq in the browser's form."""
        veres = await self.lookup(pan)
        assert veres["VERes/CH/enrolled"] == "Y"
        self.accounts.append(veres["VERes/CH/acctID"])
        return await self.send(pareq(self.accounts[-1], **changes), veres["VERes/url"])

    async def send(self, xml: bytes, url: str = "", term: str = TERM, md: str = MD) -> Shown:
        fields = {"PaReq": packed(xml), "TermUrl": term, "MD": md}
        return await self.acs.post(url or self.acs.url + "/3ds1/pareq", fields)

    async def trusts(self, pares: bytes, folder: Path) -> bool:
        async with self.acs.browser.get(self.acs.url + "/3ds1/root.pem") as answer:
            return xmlsec1_accepts(pares, await answer.read(), STARTED_AT, folder)


def back(shown: Shown) -> Answer:
    """What the page carries to TermUrl."""
    assert shown.form.action == TERM
    assert set(shown.form.fields) == {"PaRes", "MD"}
    assert shown.form.fields["MD"] == MD
    return Answer(unpacked(shown.form.fields["PaRes"]))


@pytest.fixture
async def mpi() -> AsyncIterator[Mpi]:
    async with stage() as acs:
        yield Mpi(acs)


async def test_an_enrolled_card_gets_an_opaque_account_of_its_own_each_time(mpi: Mpi):
    first, second = await mpi.lookup(OTP), await mpi.lookup(OTP, "VEReq-2")
    assert first["VERes/CH/enrolled"] == "Y"
    assert first["VERes/protocol"] == "ThreeDSecure"
    accounts = {first["VERes/CH/acctID"], second["VERes/CH/acctID"]}
    assert len(accounts) == 2
    assert all(len(account) == 28 and OTP[-4:] not in account for account in accounts)


async def test_the_right_code_gives_a_pares_y_that_xmlsec1_verifies(mpi: Mpi, tmp_path: Path):
    shown = await mpi.pay()
    assert shown.form.ids >= {"code", "submit", "resend", "cancel"}
    assert "Verified by Visa" in shown.text
    assert "Visa Secure" not in shown.text
    assert "42.00" in shown.text
    pares = back(await mpi.acs.type(shown, mpi.acs.phone.code))
    assert pares.id == "PAReq-1"
    assert pares["PARes/Purchase/xid"] == XID
    assert pares["PARes/TX/status"] == "Y"
    assert pares["PARes/TX/eci"] == "05"
    assert pares["PARes/TX/cavvAlgorithm"] == "2"
    assert pares["PARes/pan"] == "000000000000" + OTP[-4:]
    assert pares["PARes/TX/time"] == "20260615 12:00:00"
    value = pares["PARes/TX/cavv"]
    assert verify_classic_authentication_value("visa", value, pan=OTP, status="Y", merchant_name="Librairie Exemple")
    assert await mpi.trusts(pares.xml, tmp_path)


async def test_three_wrong_codes_give_n_and_words_to_contact_the_bank(mpi: Mpi, tmp_path: Path):
    shown = await mpi.pay()
    for left in ("2", "1"):
        shown = await mpi.acs.type(shown, mpi.acs.phone.wrong_code)
        assert shown.kind == "wrong-code"
        assert left in shown.message
    ended = await mpi.acs.type(shown, mpi.acs.phone.wrong_code)
    assert ended.kind == "contact-bank"
    pares = back(ended)
    assert (pares["PARes/TX/status"], pares["PARes/pan"]) == ("N", "0" * 16)
    assert pares["PARes/TX/cavv"] is None
    assert await mpi.trusts(pares.xml, tmp_path)


async def test_a_resent_code_replaces_the_first_and_cancel_ends_with_n(mpi: Mpi):
    shown = await mpi.pay()
    first = mpi.acs.phone.code
    shown = await mpi.acs.type(shown, "", "resend")
    assert len(mpi.acs.phone.messages) == 2
    shown = await mpi.acs.type(shown, first)
    assert shown.kind == "superseded-code"
    assert back(await mpi.acs.type(shown, "", "cancel"))["PARes/TX/status"] == "N"


async def test_the_codes_of_both_generations_come_from_one_counter(mpi: Mpi):
    both = compose("visa", SCENARIOS["challenge-otp"])
    await mpi.acs.challenge(both)
    used = mpi.acs.phone.code
    shown = await mpi.pay(both)
    assert mpi.acs.phone.code != used
    assert (await mpi.acs.type(shown, used)).kind == "replayed-code"


async def test_an_unreachable_phone_is_told_on_the_page_and_a_resend_helps(mpi: Mpi):
    mpi.acs.phone.status = 500
    shown = await mpi.pay()
    assert shown.kind == "sms-failed"
    mpi.acs.phone.status = 201
    shown = await mpi.acs.type(shown, "", "resend")
    assert back(await mpi.acs.type(shown, mpi.acs.phone.code))["PARes/TX/status"] == "Y"


async def test_a_page_left_idle_ends_with_n(mpi: Mpi):
    shown = await mpi.pay()
    mpi.acs.runtime.clock.advance(timedelta(minutes=10))
    ended = await mpi.acs.type(shown, mpi.acs.phone.code)
    assert ended.kind == "timed-out"
    assert back(ended)["PARes/TX/status"] == "N"


async def test_the_last_page_posted_twice_brings_the_same_result(mpi: Mpi):
    shown = await mpi.pay()
    code = mpi.acs.phone.code
    assert back(await mpi.acs.type(shown, code)).xml == back(await mpi.acs.type(shown, NEVER_SENT)).xml


@on_sqlite_alone
@pytest.mark.parametrize("scheme", V1_SCHEMES)
@pytest.mark.parametrize(
    ("scenario", "status", "eci"),
    [
        ("frictionless", "Y", {"mastercard": "02"}),
        ("frictionless-attempt", "A", {"mastercard": "01"}),
        ("not-authenticated", "N", {"mastercard": "00"}),
        ("unavailable", "U", {"mastercard": "00"}),
    ],
)
async def test_every_status_of_every_scheme_is_signed(
    mpi: Mpi, tmp_path: Path, scheme: str, scenario: str, status: str, eci: dict[str, str]
):
    pares = back(await mpi.pay(compose(scheme, V1_SCENARIOS[scenario])))
    assert pares["PARes/TX/status"] == status
    assert pares["PARes/TX/eci"] == eci.get(scheme, {"Y": "05", "A": "06"}.get(status, "07"))
    assert (pares["PARes/TX/cavv"] is not None) == (status in "YA")
    if status in "YA":
        assert pares["PARes/TX/cavvAlgorithm"] == ("3" if scheme == "mastercard" else "2")
    assert await mpi.trusts(pares.xml, tmp_path)


async def test_pages_can_end_by_themselves(mpi: Mpi):
    for scenario, status in (("challenge-auto-pass", "Y"), ("challenge-auto-fail", "N")):
        shown = await mpi.pay(compose("visa", V1_SCENARIOS[scenario]))
        assert "code" not in shown.form.ids
        assert back(await mpi.acs.post(shown.form.action, shown.form.fields))["PARes/TX/status"] == status


@on_sqlite_alone
@pytest.mark.parametrize("scenario", [name for name in V1_SCENARIOS if name.startswith("bad-signature")])
async def test_a_bad_signature_on_demand_is_refused_by_xmlsec1(mpi: Mpi, tmp_path: Path, scenario: str):
    pares = back(await mpi.pay(compose("visa", V1_SCENARIOS[scenario])))
    assert pares["PARes/TX/status"] == "Y"
    assert (b"Signature" in pares.xml) == (scenario != "bad-signature-missing")
    assert not await mpi.trusts(pares.xml, tmp_path)
    sound = back(await mpi.pay(PASSIVE))
    assert await mpi.trusts(sound.xml, tmp_path)


async def test_enrolment_can_be_unknown_refused_silent_or_an_error(mpi: Mpi):
    async def look(scenario: str) -> Answer:
        return await mpi.lookup(compose("jcb", V1_SCENARIOS[scenario]))

    assert (await look("enrolment-unknown"))["VERes/CH/enrolled"] == "U"
    refused = await look("enrolment-refused")
    assert (refused["VERes/CH/enrolled"], refused["VERes/IReq/iReqCode"]) == ("N", "98")
    assert (await look("acs-timeout"))["VERes/CH/enrolled"] == "U"
    assert (await look("acs-error"))["Error/errorCode"] == "98"
    assert (await mpi.lookup("4111111111111111"))["VERes/CH/enrolled"] == "N"
    assert (await mpi.lookup(compose("unionpay", SCENARIOS["challenge-otp"])))["VERes/CH/enrolled"] == "N"


async def test_a_card_of_cartes_bancaires_is_enrolled_by_its_partner_brand(mpi: Mpi):
    assert (await mpi.lookup(compose("cb", SCENARIOS["challenge-otp"])))["VERes/CH/enrolled"] == "Y"


async def test_the_page_can_be_an_error_a_refusal_or_late(mpi: Mpi):
    error = back(await mpi.pay(compose("visa", V1_SCENARIOS["page-error"])))
    assert (error.type, error["Error/errorCode"]) == ("Error", "98")
    refused = back(await mpi.pay(compose("visa", V1_SCENARIOS["payment-refused"])))
    assert (refused["PARes/TX/status"], refused["PARes/IReq/iReqCode"]) == ("U", "55")
    assert back(await mpi.pay(compose("visa", V1_SCENARIOS["page-timeout"])))["PARes/TX/status"] == "U"


async def test_an_attempts_acs_answers_for_every_card_with_a(mpi: Mpi, tmp_path: Path):
    veres = await mpi.lookup(OTP, path="/3ds1/attempts/vereq")
    pares = back(await mpi.send(pareq(veres["VERes/CH/acctID"])))
    assert (pares["PARes/TX/status"], pares["PARes/TX/eci"]) == ("A", "06")
    assert await mpi.trusts(pares.xml, tmp_path)


async def test_a_foreign_pareq_is_55_or_56(mpi: Mpi, tmp_path: Path):
    unknown = back(await mpi.send(pareq("QUJDREVGR0hJSktMTU5PUFFSU1Q=")))
    assert (unknown["PARes/TX/status"], unknown["PARes/IReq/iReqCode"]) == ("U", "55")
    assert await mpi.trusts(unknown.xml, tmp_path)
    assert back(await mpi.send(pareq("another ACS's")))["PARes/IReq/iReqCode"] == "56"
    stolen = back(await mpi.pay(mer_id="87654321"))
    assert (stolen["PARes/IReq/iReqCode"], stolen["PARes/IReq/iReqDetail"]) == ("56", "Merchant.merID")
    assert mpi.acs.phone.messages == []
    assert (await mpi.send(pareq(mpi.accounts[-1]))).form.ids >= {"code"}


async def test_a_replayed_pareq_gets_no_second_result(mpi: Mpi):
    assert back(await mpi.pay(PASSIVE))["PARes/TX/status"] == "Y"
    again = back(await mpi.send(pareq(mpi.accounts[-1])))
    assert (again["PARes/TX/status"], again["PARes/IReq/iReqCode"]) == ("U", "56")


async def test_the_same_pareq_while_its_page_is_open_shows_that_page_and_another_one_does_not(mpi: Mpi):
    await mpi.pay()
    again = await mpi.send(pareq(mpi.accounts[-1]))
    assert again.form.ids >= {"code"}
    assert len(mpi.acs.phone.messages) == 1
    other = back(await mpi.send(pareq(mpi.accounts[-1], purch_amount="100", amount="1.00")))
    assert other["PARes/IReq/iReqCode"] == "56"
    assert back(await mpi.acs.type(again, mpi.acs.phone.code))["PARes/TX/status"] == "Y"


@on_sqlite_alone
@pytest.mark.parametrize(
    ("changes", "code"), [({"amount": "1.00"}, "55"), ({"country": "999"}, "54"), ({"purch_amount": "1"}, "55")]
)
async def test_a_payment_that_contradicts_itself_is_u_with_its_number(mpi: Mpi, changes: dict[str, str], code: str):
    pares = back(await mpi.pay(**changes))
    assert (pares["PARes/TX/status"], pares["PARes/IReq/iReqCode"]) == ("U", code)


async def test_an_expired_card_is_n(mpi: Mpi):
    assert back(await mpi.pay(expiry="2501"))["PARes/TX/status"] == "N"


@on_sqlite_alone
@pytest.mark.parametrize(
    "term", ["", "javascript:alert(1)", "data:text/html,x", "//shop.example", "https:///x", "ht\ntp://x"]
)
async def test_no_term_url_but_http_and_https_is_ever_posted_to(mpi: Mpi, term: str):
    veres = await mpi.lookup(PASSIVE)
    shown = await mpi.send(pareq(veres["VERes/CH/acctID"]), term=term)
    assert shown.status == 400
    assert "<form" not in shown.text
    assert back(await mpi.send(pareq(veres["VERes/CH/acctID"])))["PARes/TX/status"] == "Y"


@on_sqlite_alone
@pytest.mark.parametrize("value", ["", "????", "eJ", packed(b"<x/>"), packed(b"<x/>")[:-6], packed(b" " * 200_000)])
async def test_a_broken_pareq_is_told_to_the_merchant_as_an_error(mpi: Mpi, value: str):
    shown = await mpi.acs.post(mpi.acs.url + "/3ds1/pareq", {"PaReq": value, "TermUrl": TERM, "MD": MD})
    assert back(shown).type == "Error"


async def test_a_form_without_a_pareq_or_too_large_is_a_page_that_says_so(mpi: Mpi):
    url = mpi.acs.url + "/3ds1/pareq"
    assert (await mpi.acs.post(url, {"TermUrl": TERM})).status == 400
    assert (await mpi.acs.post(url, {"PaReq": "A" * 400_000, "TermUrl": TERM})).status == 413
    assert (await mpi.acs.post(url, {"PaReq": "A", "TermUrl": TERM, "MD": "x" * 9000})).status == 400


async def test_a_forged_page_moves_nothing(mpi: Mpi):
    shown = await mpi.pay()
    forged = {**shown.form.fields, "page": "1.0000", "challengeValue": mpi.acs.phone.code, "action": "submit"}
    assert (await mpi.acs.post(shown.form.action, forged)).status == 403
    assert back(await mpi.acs.type(shown, mpi.acs.phone.code))["PARes/TX/status"] == "Y"


async def test_a_minted_card_plays_what_it_was_told_and_a_reset_forgets_it_all_but_the_keys(mpi: Mpi, tmp_path: Path):
    pan = compose("visa", V1_SCENARIOS["challenge-otp"], serial="42")
    card = {"pan": pan, "scenario": "bad-signature-missing", "phone": "+99912345", "tries": 1}
    assert (await mpi.acs.control("cards", card))[0] == 201
    assert b"Signature" not in back(await mpi.pay(pan)).xml
    signed = back(await mpi.pay(PASSIVE))
    assert (await mpi.acs.control("reset"))[0] == 200
    assert (await mpi.acs.control("3ds1/authentications"))[1] == {"authentications": []}
    assert await mpi.trusts(signed.xml, tmp_path)


async def test_the_issuers_side_is_told_to_the_desk(mpi: Mpi):
    await mpi.pay()
    [found] = (await mpi.acs.control("3ds1/authentications"))[1]["authentications"]
    assert (found["state"], found["xid"], found["pan"]) == ("challenging", XID, OTP[:6] + "******" + OTP[-4:])
    status, told = await mpi.acs.control("3ds1/challenge", {"id": found["acsTransID"]})
    assert (status, told["code"], told["tries_left"]) == (200, mpi.acs.phone.code, 3)
    assert (await mpi.acs.control("3ds1/challenge", {"id": "nobody"}))[0] == 404


async def test_a_page_that_was_left_alone_is_not_told_to_be_open_when_its_time_is_over(mpi: Mpi):
    await mpi.pay()
    mpi.acs.runtime.clock.advance(timedelta(minutes=10))
    [found] = (await mpi.acs.control("3ds1/authentications"))[1]["authentications"]
    assert (found["state"], found["status"]) == ("decided", "N")


async def test_the_journal_files_the_whole_under_the_vereq_and_finds_it_by_xid(mpi: Mpi):
    await mpi.acs.type(await mpi.pay(), mpi.acs.phone.code)
    journal = mpi.acs.runtime.journal
    transaction = await journal.transaction_of(XID)
    assert transaction == "VEReq-1"
    kinds = [entry["kind"] for entry in await journal.entries_of(transaction)]
    assert kinds == ["VEReq", "VERes", "PAReq", "challenge page", "PARes"]
    assert OTP not in str(await journal.entries_of(transaction))


@on_sqlite_alone
@pytest.mark.parametrize("algorithm", ["rsa-sha1", "rsa-sha256"])
async def test_a_pares_is_signed_as_the_setting_says_and_xmlsec1_accepts_it(tmp_path: Path, algorithm: str):
    async with stage(pares_signature=algorithm) as acs:
        pares = back(await Mpi(acs).pay(PASSIVE))
        assert f"#{algorithm}".encode() in pares.xml
        assert await Mpi(acs).trusts(pares.xml, tmp_path)


async def test_the_keys_outlive_the_process_and_stand_on_disk_only_sealed(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    async with runtime(data=data) as shared:
        async with stage(shared=shared) as acs:
            pares = back(await Mpi(acs).pay(PASSIVE))
        async with stage(shared=shared) as acs:
            assert await Mpi(acs).trusts(pares.xml, tmp_path)
    kept = written(data)
    assert b"acs_classic_key" in kept
    assert b"PRIVATE KEY" not in kept
    assert PASSIVE.encode() not in kept


@on_sqlite_alone
def test_the_migrations_make_the_tables_that_a_new_database_has(tmp_path: Path):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, inspect

    SqliteDatabase(tmp_path / "new.sqlite3", SCHEMA).file._engine.dispose()
    engines = [create_engine(f"sqlite:///{tmp_path}/{name}.sqlite3") for name in ("new", "migrated")]
    config = Config()
    config.set_main_option("script_location", str(SCHEMA.migrations))
    config.set_main_option("path_separator", "os")
    with engines[1].begin() as connection:
        config.attributes.update(connection=connection, schema=SCHEMA)
        command.upgrade(config, "head")
    seen = []
    for engine in engines:
        found = inspect(engine)
        seen.append(
            {
                table: [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)]
                for table in found.get_table_names()
            }
        )
        engine.dispose()
    assert seen[0] == seen[1]


def test_every_state_is_reached():
    assert {State.ENROLLED, *TRANSITIONS.values()} == set(State)


@on_sqlite_alone
@pytest.mark.parametrize("scenario", V1_SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_what_a_card_of_1_0_2_asks_for_exists_there(scenario):
    play = play_v1_of(scenario.name)
    refusals = [InvalidRequestCode(code) for code in (play.refused, play.refusal) if code is not None]
    assert len(refusals) <= 1
    assert play.defect is None or SignatureDefect(play.defect)
