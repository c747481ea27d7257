"""Operation messages: the parts of a notice, their answers, and what a receiver has got of each sequence."""

import pytest

from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.validation.notices import MOST_SEQUENCES, Notice, Sequences, check_ores, oreqs, ores

SEQUENCE = "3f0f3b0a-6a1e-4b8e-9a55-0d2c1e3b7a10"
IDENTIFIERS = ("f25084f0-5b16-4c0a-ae5d-b24808a95e4b", "8a880dc0-d2d2-4067-bcb1-b08d1690b26e")
PRIOR = {"transIdType": "02", "transId": "6afa6072-9412-446b-9673-2f98b3ee98a2"}
SENDER = {"acsReferenceNumber": "3DS_LOA_ACS_PPFU_020100_00009", "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340"}


def oreq(number="01", total="01", name=SEQUENCE, **changes):
    return {"opSeq": {"seqId": name, "seqNum": number, "seqTotal": total}} | changes


@pytest.mark.parametrize("prior", [None, PRIOR])
def test_a_notice_is_an_oreq_for_each_part(prior):
    notice = Notice(("The ACS of one issuer is slow.", "It is no more."), "02", "03", "20260701", prior)
    first, second = oreqs(notice, "3DS_LOA_DIS_PPFU_020100_00010", SEQUENCE, IDENTIFIERS)
    assert first == {
        "messageType": "OReq",
        "messageVersion": "2.3.1",
        "dsReferenceNumber": "3DS_LOA_DIS_PPFU_020100_00010",
        "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
        "opCategory": "02",
        "opSeverity": "03",
        "opDescription": "The ACS of one issuer is slow.",
        "opExpDate": "20260701",
        "opSeq": {"seqId": SEQUENCE, "seqNum": "01", "seqTotal": "02"},
    } | ({"opPriorTransRef": prior} if prior else {})
    assert (second["dsTransID"], second["opDescription"]) == (IDENTIFIERS[1], "It is no more.")
    assert second["opSeq"] == {"seqId": SEQUENCE, "seqNum": "02", "seqTotal": "02"}
    for message in (first, second):
        check(message, context_of(message, Leg.DS_TO_ACS))


def test_an_answer_is_in_the_version_and_under_the_identifier_of_what_it_answers():
    asked = oreq(messageVersion="2.3.1", dsTransID=IDENTIFIERS[0])
    answer = ores(asked, "02", SENDER)
    assert (
        answer
        == {
            "messageType": "ORes",
            "messageVersion": "2.3.1",
            "dsTransID": IDENTIFIERS[0],
            "opStatus": "02",
        }
        | SENDER
    )
    check_ores(answer, asked, Leg.ACS_TO_DS)
    check_ores(answer | {"dsTransID": IDENTIFIERS[0].upper()}, asked, Leg.ACS_TO_DS)


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"dsTransID": IDENTIFIERS[1]}, "301", "dsTransID"),
        ({"opStatus": "9"}, "203", "opStatus"),
        ({"acsReferenceNumber": ""}, "201", "acsReferenceNumber"),
    ],
)
def test_an_answer_to_something_else_or_by_nobody_is_refused(changes, code, detail):
    asked = oreq(messageVersion="2.3.1", dsTransID=IDENTIFIERS[0])
    with pytest.raises(MessageError) as caught:
        check_ores(ores(asked, "01", SENDER) | changes, asked, Leg.ACS_TO_DS)
    assert (caught.value.code, caught.value.detail) == (code, detail)


def test_the_leg_says_who_signs_an_answer():
    asked = oreq(messageVersion="2.3.1", dsTransID=IDENTIFIERS[0])
    server = {"threeDSServerRefNumber": "3DS_LOA_SER_TEST", "threeDSServerTransID": IDENTIFIERS[1]}
    check_ores(ores(asked, "01", server), asked, Leg.THREE_DS_SERVER_TO_DS)
    with pytest.raises(MessageError, match="acsReferenceNumber"):
        check_ores(ores(asked, "01", server), asked, Leg.ACS_TO_DS)


@pytest.mark.parametrize(
    ("numbers", "statuses"),
    [
        (["01", "02", "03"], ["01", "01", "01"]),
        (["02"], ["02"]),
        (["01", "03", "02"], ["01", "02", "02"]),
        (["01", "01"], ["01", "02"]),
        (["01", "02", "03", "01"], ["01", "01", "01", "01"]),
        (["01", "03", "01", "02"], ["01", "02", "01", "01"]),
    ],
)
def test_a_part_that_is_not_the_next_one_breaks_the_sequence(numbers, statuses):
    known = Sequences()
    assert [known.status(oreq(number, "03")) for number in numbers] == statuses


def test_a_sequence_is_one_whatever_the_case_of_its_name_and_the_oldest_are_forgotten():
    known = Sequences()
    assert known.status(oreq("01", "02")) == "01"
    assert known.status(oreq("02", "02", SEQUENCE.upper())) == "01"
    for number in range(MOST_SEQUENCES + 1):
        known.status(oreq("01", "02", f"sequence {number}"))
    assert known.status(oreq("02", "02", "sequence 0")) == "02"
    assert known.status(oreq("02", "02", "sequence 1")) == "01"


def test_a_sequence_that_is_complete_takes_no_place():
    known = Sequences()
    assert known.status(oreq("01", "02")) == "01"
    for number in range(MOST_SEQUENCES):
        known.status(oreq("01", "01", f"sequence {number}"))
    assert known.status(oreq("02", "02")) == "01"
