"""Two transcripts held against each other."""

import json

import pytest

from acs_sim.transcripts.difference import differences, told
from tests.acs_sim.test_cli import acs_sim
from tests.acs_sim.transcripts.hops import ACS, DS, OTHERS, conversation, hop, renamed


def lines(first, second, **options):
    return [line for change in differences(first, second, **options) for line in told(change)]


def test_a_transcript_does_not_differ_from_itself():
    assert lines(conversation(), conversation()) == []


def test_another_transaction_with_other_identifiers_ports_and_times_is_the_same_conversation():
    other = renamed(conversation(), {**OTHERS, ":8200": ":9200", "******0001": "******0002", "T12:00": "T13:00"})
    other["hops"][1]["took_ms"] = 99.5
    assert lines(conversation(), other) == []


def test_identifiers_that_are_swapped_are_a_difference():
    other = conversation()
    other["hops"][3]["message"] |= {"acsTransID": DS, "dsTransID": ACS}
    assert [change.before for change in differences(conversation(), other)] == [4]


def test_an_element_that_differs_is_named_with_its_hop_and_both_values():
    other = conversation()
    other["hops"][3]["message"]["transStatus"] = "N"
    del other["hops"][3]["message"]["eci"]
    other["hops"][3]["message"]["transStatusReason"] = "19"
    assert lines(conversation(), other) == [
        "  hop 4  Directory Server -> 3DS Server: RReq",
        "-   transStatus: Y",
        "+   transStatus: N",
        "-   eci: 05",
        "+   transStatusReason: 19",
    ]


def test_a_hop_that_only_one_has_is_named_and_the_others_still_find_their_like():
    other = conversation()
    other["hops"].insert(3, hop("Browser", "ACS", "challenge page", action="submit"))
    assert lines(conversation(), other) == ["+ hop 4  Browser -> ACS: challenge page"]
    assert lines(other, conversation()) == ["- hop 4  Browser -> ACS: challenge page"]


def test_a_number_and_its_text_differ():
    first, second = conversation(), conversation()
    second["hops"][1]["status"] = "200"
    assert lines(first, second)[1:] == ["-   status: 200", "+   status: 200"]


def test_what_is_volatile_is_compared_when_it_is_asked_for():
    other = conversation()
    other["hops"][1]["took_ms"] = 99.5
    assert lines(conversation(), other, everything=True)[1:] == ["-   took_ms: 12.5", "+   took_ms: 99.5"]


def test_an_element_can_be_left_out():
    other = conversation()
    other["hops"][0]["message"]["purchaseAmount"] = "4300"
    assert lines(conversation(), other, ignored=["purchaseAmount"]) == []
    assert lines(conversation(), other) != []


@pytest.mark.parametrize(
    ("amount", "status", "words"), [("4200", 0, "no difference"), ("4300", 1, "+   purchaseAmount: 4300")]
)
def test_the_command_ends_with_one_when_something_differs(tmp_path, amount, status, words):
    (tmp_path / "a.json").write_text(json.dumps(conversation()))
    other = conversation()
    other["hops"][0]["message"]["purchaseAmount"] = amount
    (tmp_path / "b.json").write_text(json.dumps(other))
    done = acs_sim("diff", "a.json", "b.json", cwd=tmp_path)
    assert (done.returncode, words in done.stdout) == (status, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "b.json: is not JSON"),
        ("[]", "b.json: its format is not 'acs-sim transcript 1'"),
        ('{"format": "acs-sim transcript 1", "transaction": {}, "volatile": []}', "b.json: hops is missing"),
        ('{"format": "acs-sim transcript 1", "transaction": {}, "volatile": [], "hops": [{}]}', "b.json: hop 1 is not"),
        (None, "b.json: cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_transcript_is_said_in_one_line(tmp_path, content, words):
    (tmp_path / "a.json").write_text(json.dumps(conversation()))
    if content is not None:
        (tmp_path / "b.json").write_text(content)
    done = acs_sim("diff", "a.json", "b.json", cwd=tmp_path)
    assert (done.returncode, done.stderr.startswith(words), done.stderr.count("\n")) == (2, True, 1)
