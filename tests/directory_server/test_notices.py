"""OReq and ORes (2.3.1): sequences, who answers whom, and answers that are wrong."""

import pytest

from tests.directory_server.peers import CutOff, OutOfOrder, Scene, scene

SEQUENCE = "3f0f3b0a-6a1e-4b8e-9a55-0d2c1e3b7a10"
OURS = {"threeDSServerRefNumber": "3DS_LOA_SER_TEST", "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"}
TWO = ["The ACS of one issuer is slow.", "We look into it."]


def ores(oreq, status="01", **changes):
    """What a 3DS Server answers, typed by hand."""
    message = {"messageType": "ORes", "messageVersion": "2.3.1", "dsTransID": oreq["dsTransID"], "opStatus": status}
    return {name: value for name, value in (message | OURS | changes).items() if value is not None}


async def sent(ds: Scene, answer=ores, **wish):
    ds.three_ds_server.answer = answer
    wish = {"scheme": "visa", "url": f"{ds.three_ds_server.url}/results", **wish}
    return await ds.control("operations", wish)


async def test_a_notice_goes_out_in_parts_of_one_sequence_each_with_an_identifier_of_its_own(ds: Scene):
    told = await sent(ds, category="02", severity="01", parts=TWO, prior={"transIdType": "02", "transId": SEQUENCE})
    first, second = [await ds.three_ds_server.next() for _ in range(2)]
    assert first | {"dsTransID": 0, "opSeq": 0} == {
        "messageType": "OReq",
        "messageVersion": "2.3.1",
        "dsReferenceNumber": "3DS_LOA_DIS_SIMU_020200_00001",
        "dsTransID": 0,
        "opCategory": "02",
        "opSeverity": "01",
        "opDescription": TWO[0],
        "opExpDate": "20260715",
        "opPriorTransRef": {"transIdType": "02", "transId": SEQUENCE},
        "opSeq": 0,
    }
    assert (second["opDescription"], first["dsTransID"] != second["dsTransID"]) == (TWO[1], True)
    assert [each["opSeq"] for each in (first, second)] == [
        {"seqId": told["seqId"], "seqNum": number, "seqTotal": "02"} for number in ("01", "02")
    ]
    assert [each["answer"]["opStatus"] for each in told["parts"]] == ["01", "01"]
    assert (
        await ds.journal(told["seqId"])
        == [
            ("Directory Server", "3DS Server", "OReq"),
            ("3DS Server", "Directory Server", "ORes"),
        ]
        * 2
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda oreq: ores(oreq, dsTransID=SEQUENCE), "301 dsTransID"),
        (lambda oreq: ores(oreq, opStatus=None), "201 opStatus"),
        (lambda oreq: ores(oreq, "04"), "207 opStatus"),
        (lambda oreq: ores(oreq, threeDSServerTransID=None), "201 threeDSServerTransID"),
        (lambda oreq: ores(oreq, messageVersion="2.2.0"), "102 2.3.1"),
        (lambda oreq: ores(oreq, messageType="RRes"), "101 "),
        (lambda _oreq: b"<html>", "101 "),
        (lambda _oreq: CutOff(), "405 "),
        (lambda _oreq: OutOfOrder(503), "101 "),
    ],
)
async def test_an_answer_that_is_wrong_is_told_and_its_sender_hears_of_what_it_can_mend(ds: Scene, answer, error):
    told = (await sent(ds, answer))["parts"][0]
    assert told["error"].startswith(error)
    if "answer" in told:
        await ds.three_ds_server.next()
        erro = await ds.three_ds_server.next()
        assert (erro["messageType"], erro["errorCode"], erro["errorComponent"]) == ("Erro", error[:3], "D")


@pytest.mark.parametrize(
    ("to", "setting"), [("3ds-server", "three_ds_server_operations_url"), ("acs", "acs_operations_url")]
)
async def test_where_a_notice_goes_is_a_setting(ds: Scene, to, setting):
    async with scene(**{setting: f"{ds.three_ds_server.url}/results"}) as another:
        ds.three_ds_server.answer = ores
        await another.control("operations", {"scheme": "visa", "to": to})
        assert (await ds.three_ds_server.next())["messageType"] == "OReq"


async def test_an_erro_and_a_status_are_answers(ds: Scene):
    erro = {"messageType": "Erro", "messageVersion": "2.3.1", "errorCode": "203", "errorComponent": "S"}
    erro |= {"errorDescription": "no", "errorDetail": "opSeverity"}
    assert (await sent(ds, lambda _oreq: erro))["parts"][0]["answer"] == erro
    assert (await sent(ds, lambda oreq: ores(oreq, "03")))["parts"][0]["answer"]["opStatus"] == "03"


@pytest.mark.parametrize(
    "wish",
    [
        {"parts": []},
        {"parts": ["x" * 20_001]},
        {"category": "07"},
        {"severity": "05"},
        {"expires": "tomorrow"},
        {"url": "ftp://127.0.0.1/"},
        {"prior": {"transIdType": "04", "transId": "1"}},
        {"scheme": "visa", "colour": "red"},
        {"expires": "20261399"},
    ],
)
async def test_a_notice_that_cannot_be_sent_is_refused(ds: Scene, wish):
    await ds.control("operations", {"scheme": "visa", **wish}, status=400)


async def test_nobody_sends_one_to_the_directory_server(ds: Scene):
    answer = await ds.post({"messageType": "OReq", "messageVersion": "2.3.1"})
    assert (answer["errorCode"], answer["errorComponent"]) == ("101", "D")


async def test_where_nothing_comes_back_the_rest_is_not_sent(ds: Scene):
    told = await sent(ds, lambda _oreq: CutOff(), parts=["one", "two", "three"])
    assert [(part["seqNum"], part["error"][:3]) for part in told["parts"]] == [("01", "405")]
