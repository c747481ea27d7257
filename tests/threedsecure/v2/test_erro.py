import pytest

from tests.threedsecure.v2.golden import find
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.v2.codec import SUPPORTED_VERSIONS, decode
from threedsecure.v2.erro import erro, transport_error
from threedsecure.v2.errors import DESCRIPTIONS, ErrorCode, MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of, violations

AREQ = find("2.2.0", "areq-brw-pa").message
ACS = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"


def test_the_answer_to_a_wrong_message_is_a_right_erro() -> None:
    with pytest.raises(MessageError) as caught:
        check({**AREQ, "browserTZ": "x"}, context_of(AREQ, Leg.THREE_DS_SERVER_TO_DS))
    assert erro(caught.value, component="D", ids={"acsTransID": ACS}) == {
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "errorCode": "203",
        "errorComponent": "D",
        "errorDescription": "The format or value of a data element is not valid",
        "errorDetail": "browserTZ",
        "errorMessageType": "AReq",
        "threeDSServerTransID": AREQ["threeDSServerTransID"],
        "acsTransID": ACS,
    }


def test_every_erro_is_valid_in_every_version() -> None:
    for version in SUPPORTED_VERSIONS:
        for code in ErrorCode:
            answer = erro(MessageError(code, "detail", message=AREQ), component="A", version=version)
            assert violations(answer, context_of(answer, Leg.ACS_TO_DS)) == []


def test_every_code_has_a_description() -> None:
    assert set(DESCRIPTIONS) == set(ErrorCode)
    assert erro(MessageError("911", "x"), component="A")["errorDescription"]


def test_what_could_not_be_read_is_answered_in_the_highest_version_without_type_and_ids() -> None:
    with pytest.raises(MessageError) as caught:
        decode(b"[", accepts=frozenset({"AReq"}), versions=SUPPORTED_VERSIONS)
    answer = erro(caught.value, component="D")
    assert answer["messageVersion"] == SUPPORTED_VERSIONS[-1]
    assert "errorMessageType" not in answer
    assert not any(name.endswith("TransID") for name in answer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"messageType": "Nonsense"},
        {"messageType": 5},
        {"messageVersion": "9.9.9"},
        {"dsTransID": "x"},
        {"dsTransID": 7},
    ],
)
def test_ill_formed_parts_of_the_faulty_message_are_not_repeated(wrong: dict[str, object]) -> None:
    answer = erro(MessageError("203", "x", message={**AREQ, **wrong}), component="D")
    assert not set(wrong.items()) & {(key, value) for key, value in answer.items() if isinstance(value, str | int)}
    assert "dsTransID" not in answer


def test_known_ids_win_over_those_of_the_faulty_message() -> None:
    answer = erro(MessageError("301", "x", message={**AREQ, "threeDSServerTransID": ACS}), component="A", ids=AREQ)
    assert answer["threeDSServerTransID"] == AREQ["threeDSServerTransID"]


def test_a_long_list_of_names_loses_whole_names() -> None:
    names = ",".join(f"messageExtension[{number}].criticalityIndicator" for number in range(100))
    detail = erro(MessageError("201", names), component="D")["errorDetail"]
    assert len(detail) <= 2048
    assert set(detail.split(",")) <= set(names.split(","))


def test_long_words_are_cut_and_nothing_is_never_sent() -> None:
    answer = erro(MessageError("203", "x " * 5000, description="y" * 5000), component="D")
    assert len(answer["errorDetail"]) == len(answer["errorDescription"]) == 2048
    assert erro(MessageError("203", ""), component="D")["errorDetail"]


def test_card_numbers_do_not_leave_in_words() -> None:
    answer = erro(MessageError("305", "no range holds 4000000001000001", description="4000000001000001"), component="D")
    assert "4000000001000001" not in answer["errorDetail"] + answer["errorDescription"]


@pytest.mark.parametrize(("error", "code"), [(PeerTimedOut, "402"), (PeerUnreachable, "405")])
def test_a_silent_peer_is_402_and_one_out_of_reach_405(error: type[PeerTimedOut], code: str) -> None:
    raised = transport_error(error("http://127.0.0.1:1/3ds2/areq", "no answer within 5 seconds"), message=AREQ)
    answer = erro(raised, component="D")
    assert (answer["errorCode"], answer["errorDetail"]) == (code, "no answer within 5 seconds")
    assert answer["threeDSServerTransID"] == AREQ["threeDSServerTransID"]
