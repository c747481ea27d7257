"""`acs-sim check` as people and pipelines use it."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from acs_sim.checking.files import check_all
from acs_sim.commands.cli import main
from tests.threedsecure.v2.golden import GOLDEN, find
from threedsecure.v1.envelope import pack
from threedsecure.v1.signature.pki import SigningKeys, create
from threedsecure.v1.signature.signing import SignatureDefect, signed
from threedsecure.v2.grammar.context import Context
from threedsecure.v2.validation.advice import MAX_UNDEFINED_TOLD, advise

FIXTURES = Path(__file__).parents[2] / "fixtures" / "messages"


def check(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], input=stdin)


def written(folder: Path, message: Any, name: str = "message.json") -> str:
    file = folder / name
    file.write_bytes(message if isinstance(message, bytes) else json.dumps(message).encode())
    return str(file)


def spoiled(name: str = "areq-brw-pa", **changes: Any) -> dict[str, Any]:
    message = {**find("2.2.0", name).message, **changes}
    return {key: value for key, value in message.items() if value is not ...}


def test_the_documented_example_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notification = "http://localhost:8400/3ds2/notification"
    written(tmp_path, spoiled(mcc=..., browserTZ=5, whiteListStatus=..., notificationURL=notification), "areq.json")
    document = (FIXTURES.parents[1] / "docs" / "check.md").read_text("utf-8")
    assert f"$ acs-sim check areq.json\n{check('areq.json').output}```" in document


SEVEN = {
    "mcc": ...,
    "acctNumber": ...,
    "purchaseDate": "",
    "browserTZ": 5,
    "merchantCountryCode": "999",
    "acctInfo": {"chAccAgeInd": "42"},
    "whiteListStatus": ...,
}


def test_a_message_with_seven_faults_of_three_kinds_has_all_seven_named(tmp_path: Path) -> None:
    result = check(written(tmp_path, spoiled(**SEVEN)))
    assert result.exit_code == 1
    for line in (
        "201 mcc",
        "201 acctNumber",
        "201 purchaseDate",
        "203 browserTZ",
        "304 merchantCountryCode",
        "203 acctInfo.chAccAgeInd",
        "203 whiteListStatusSource",
    ):
        assert f"\n  {line}\n" in result.output
    assert "7 errors; a receiver answers 203" in result.output
    assert "found    5\n      allowed  1 to 5 characters" in result.output
    assert "clause   EMV 3-D Secure 2.2.0, Annex A, browserTZ" in result.output


def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    result = check(written(tmp_path, spoiled(**SEVEN)), "--json")
    assert result.exit_code == 1
    (document,) = json.loads(result.output)
    assert (document["messageType"], document["messageVersion"]) == ("AReq", "2.2.0")
    assert len(document["errors"]) == 7
    assert set(document["errors"][0]) == {"code", "element", "found", "allowed", "clause"}
    assert document["answer"]["errorCode"] == "203"
    assert set(document["answer"]["errorDetail"].split(",")) == {
        "browserTZ",
        "merchantCountryCode",
        "acctInfo.chAccAgeInd",
    }


def test_every_right_message_is_right() -> None:
    for golden in GOLDEN:
        (checked,) = check_all([(str(golden), golden.text.encode())])
        assert checked.errors == (), str(golden)


def test_one_wrong_message_among_right_ones_fails_the_run(tmp_path: Path) -> None:
    right = str(FIXTURES / "2.2.0" / "areq-brw-pa.json")
    result = check(right, written(tmp_path, spoiled(mcc="x")), right)
    assert result.exit_code == 1
    assert result.output.count("no errors\n") >= 2


def test_advice_is_no_error_and_stands_apart(tmp_path: Path) -> None:
    message = spoiled(
        "areq-brw-pa-minimal", notificationURL="http://localhost:8400/n", cardholdername="X", threeDSCompInd="N"
    )
    result = check(written(tmp_path, message), "--json")
    (document,) = json.loads(result.output)
    assert result.exit_code == 0
    assert document["errors"] == []
    advice = {each["element"]: each["words"] for each in document["advice"]}
    assert "did you mean cardholderName?" in advice["cardholdername"]
    assert {"browserIP", "email", "acctInfo", "notificationURL", "threeDSCompInd"} <= set(advice)
    assert "advice (no errors)" in check(written(tmp_path, message)).output


def test_a_full_message_gets_no_advice() -> None:
    result = check(str(FIXTURES / "2.2.0" / "areq-brw-pa.json"), "--json")
    assert json.loads(result.output)[0]["advice"] == []


def test_values_that_only_some_receivers_take_are_advised_against(tmp_path: Path) -> None:
    message = spoiled(
        acquirerMerchantID="x" * 20,
        notificationURL="https://a.example/" + "x" * 300,
        homePhone={"cc": "33", "subscriber": "1" * 14},
    )
    (document,) = json.loads(check(written(tmp_path, message), "--json").output)
    advised = {each["element"] for each in document["advice"]}
    assert document["errors"] == []
    assert {"acquirerMerchantID", "notificationURL", "homePhone.subscriber"} <= advised


def test_a_message_is_read_from_standard_input() -> None:
    result = check("-", stdin=json.dumps(spoiled(mcc="12")).encode())
    assert result.exit_code == 1
    assert result.output.startswith("standard input: AReq 2.2.0")


@pytest.mark.parametrize("form", ["{}", "{}==", "creq={}", "creq={}&threeDSSessionData=YQ"])
def test_the_value_of_a_form_field_is_read(form: str) -> None:
    value = (
        base64.urlsafe_b64encode(json.dumps(spoiled("creq-brw", challengeWindowSize="09")).encode())
        .decode()
        .rstrip("=")
    )
    result = check("-", "--json", stdin=form.format(value).encode())
    (document,) = json.loads(result.output)
    assert document["messageType"] == "CReq"
    assert [each["element"] for each in document["errors"]] == ["challengeWindowSize"]


def test_method_data_are_recognised(tmp_path: Path) -> None:
    result = check(written(tmp_path, spoiled("method-data", threeDSMethodNotificationURL="x")), "--json")
    (document,) = json.loads(result.output)
    assert document["messageType"] == "3DSMethodData"
    assert [each["element"] for each in document["errors"]] == ["threeDSMethodNotificationURL"]


def test_a_message_can_be_read_as_another(tmp_path: Path) -> None:
    file = written(tmp_path, spoiled(messageType=...))
    assert "101 messageType" in check(file).output
    result = check(file, "--as", "AReq", "--json")
    (document,) = json.loads(result.output)
    assert [(each["code"], each["element"]) for each in document["errors"]] == [("101", "messageType")]
    assert check(file, "--as", "Nonsense").exit_code == 2


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "101"),
        (b"{", "101"),
        (b"[]", "101"),
        (b"hello", "101"),
        (b"\xff\xfe\x00", "101"),
        (b'{"messageType":"AReq","messageVersion":"2.2.0","mcc":"1","mcc":"2"}', "204"),
        (b'{"messageType":"AReq","messageVersion":"2.0.1"}', "102"),
        (b'{"messageType":"OReq","messageVersion":"2.2.0"}', "101"),
        (b'{"messageType":"AReq","messageVersion":{}}', "201"),
        (b'{"messageType":7}', "101"),
    ],
)
def test_what_cannot_be_read_is_told_too(raw: bytes, code: str) -> None:
    result = check("-", "--json", stdin=raw)
    (document,) = json.loads(result.output)
    assert result.exit_code == 1
    assert code in {each["code"] for each in document["errors"]}


def test_messages_of_one_transaction_are_held_against_each_other(tmp_path: Path) -> None:
    areq = written(tmp_path, spoiled(threeDSRequestorChallengeInd="06"), "areq.json")
    ares = written(tmp_path, spoiled("ares-brw-pa-challenge"), "ares.json")
    assert check(ares).exit_code == 0
    result = check(areq, ares)
    assert result.exit_code == 1
    assert "no challenge with threeDSRequestorChallengeInd 06" in result.output


def test_card_numbers_and_codes_are_not_shown(tmp_path: Path) -> None:
    message = spoiled(acctNumber="4000000001000001 ", acctID="4000000001000001 \x01")
    result = check(written(tmp_path, message))
    assert result.exit_code == 1
    assert "4000000001000001" not in result.output
    creq = spoiled("creq-app-text", challengeDataEntry="123456" * 20)
    assert "123456" not in check(written(tmp_path, creq)).output


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert check(str(tmp_path / "nothing.json")).exit_code == 2
    assert check().exit_code == 2


XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="V1"><VEReq><version>1.0.2</version><pan>4000000001000001</pan>
<Merchant><acqBIN>400000</acqBIN>%s</Merchant><Browser><deviceCategory>0</deviceCategory><accept>*/*</accept>
<userAgent>Mozilla/5.0</userAgent></Browser></VEReq></Message></ThreeDSecure>"""


def test_the_messages_of_3d_secure_102_are_checked_too(tmp_path: Path) -> None:
    right = check(written(tmp_path, XML % b"<merID>123</merID>", "vereq.xml"))
    assert right.exit_code == 0, right.output
    assert "VEReq 1.0.2" in right.output
    wrong = check(written(tmp_path, XML % b"", "vereq.xml"))
    assert wrong.exit_code == 1
    assert "merID" in wrong.output
    assert "4000000001000001" not in wrong.output


def test_a_pareq_is_read_from_its_form_field() -> None:
    result = check("-", "--json", stdin=pack(XML % b"").encode())
    (document,) = json.loads(result.output)
    assert document["messageType"] == "VEReq"
    assert result.exit_code == 1


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    return create(datetime(2026, 6, 15, tzinfo=UTC), os.urandom)


@pytest.mark.parametrize("form", ["xml", "field", "form"])
def test_the_signature_of_a_pares_is_verified_however_it_comes(tmp_path: Path, keys: SigningKeys, form: str) -> None:
    xml = signed(PARES, keys)
    field = pack(xml)
    content = {"xml": xml, "field": field.encode(), "form": urlencode({"PaRes": field, "MD": "7"}).encode()}[form]
    root = written(tmp_path, keys.root.public_bytes(Encoding.PEM), "root.pem")
    file = written(tmp_path, content, "pares")
    for arguments in ((file,), ("--root", root, file)):
        result = check(*arguments)
        assert (result.exit_code, "no errors" in result.output) == (0, True), result.output


@pytest.mark.parametrize("defect", SignatureDefect)
def test_a_bad_signature_is_an_error_that_says_what_a_merchant_does(
    tmp_path: Path, keys: SigningKeys, defect: SignatureDefect
) -> None:
    file = written(tmp_path, signed(PARES, keys, defect=defect), "pares.xml")
    root = written(tmp_path, keys.root.public_bytes(Encoding.PEM), "root.pem")
    result = check("--root", root, file)
    assert result.exit_code == 1
    assert "takes the payment for status U" in result.output
    # A stranger's root is whole in itself: only a trusted one tells.
    assert check(file).exit_code == (0 if defect is SignatureDefect.WRONG_CHAIN else 1)


def test_a_root_that_is_none_is_refused(tmp_path: Path, keys: SigningKeys) -> None:
    file = written(tmp_path, signed(PARES, keys), "pares.xml")
    assert check("--root", file, file).exit_code == 2


PARES = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ThreeDSecure><Message id="1"><PARes id="PARes.1.signed"><version>1.0.2</version>'
    b"<Merchant><acqBIN>400000</acqBIN><merID>12345678</merID></Merchant><Purchase><xid>YSBwYXltZW50IG9mIDIwIGJ5dGU=</xid>"
    b"<date>20260615 12:00:00</date><purchAmount>4200</purchAmount><currency>978</currency><exponent>2</exponent></Purchase>"
    b"<pan>0000000000000000</pan><TX><time>20260615 12:00:05</time><status>N</status><eci>07</eci></TX></PARes></Message>"
    b"</ThreeDSecure>"
)


def test_a_flood_of_undefined_names_is_advised_on_up_to_a_bound():
    message = {"messageType": "AReq", "messageVersion": "2.2.0"} | {f"x{number}": "" for number in range(20_000)}
    told = advise("AReq", message, Context("2.2.0"))
    undefined = [advice for advice in told if advice.words.startswith("not defined")]
    assert len(undefined) == MAX_UNDEFINED_TOLD + 1
    assert undefined[-1].words.endswith(f"only the first {MAX_UNDEFINED_TOLD} such names are told")


@pytest.mark.parametrize(
    ("day", "status", "told"),
    [
        ("2026-06-30", 0, "from 2026-07-01 on Mastercard"),
        ("2026-07-01", 1, "a receiver answers 201, detail: email,homePhone,mobilePhone,workPhone"),
        ("today", 1, "what Mastercard wants on "),
        ("tomorrow", 2, "--rules-as-of tomorrow"),
    ],
)
def test_a_rule_with_a_date_fails_a_run_from_its_day_on(tmp_path: Path, day: str, status: int, told: str) -> None:
    nobody = dict.fromkeys(("email", "homePhone", "mobilePhone", "workPhone"), ...)
    file = written(tmp_path, spoiled(acctNumber="5200000000000007", **nobody))
    found = check("--rules-as-of", day, file)
    assert found.exit_code == status, found.output
    assert told in found.output
    assert check(file).exit_code == 0


def test_the_end_of_a_version_fails_a_run_in_the_words_of_no_scheme(tmp_path: Path) -> None:
    file = written(tmp_path, find("2.1.0", "areq-brw-pa").message | {"acctNumber": "370000000000002"})
    found = check("--rules-as-of", "2025-01-01", "--json", file)
    assert json.loads(found.output)[0]["errors"][0]["element"] == "messageVersion"
    assert json.loads(found.output)[0]["answer"]["errorCode"] == "102"
