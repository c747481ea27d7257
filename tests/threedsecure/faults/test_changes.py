"""What becomes of a message. The messages are typed by hand."""

import json
from html import escape

import pytest

from threedsecure.faults import forms, read
from threedsecure.faults.changes import applies, changed
from threedsecure.faults.fault import Around
from threedsecure.faults.memory import Memory

pytestmark = pytest.mark.holds("threedsecure/faults/kinds")

ARES = {
    "messageType": "ARes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
    "transStatus": "Y",
    "eci": "05",
    "acsRenderingType": {"acsInterface": "01"},
    "messageExtension": [{"id": "A", "name": "known"}],
}
OTHER = {
    "threeDSServerTransID": "11111111-1111-4111-8111-111111111111",
    "dsTransID": "22222222-2222-4222-8222-222222222222",
    "acctID": "b3RoZXI=",
}
VERES = (
    b'<?xml version="1.0"?><ThreeDSecure><Message id="vereq-1"><VERes><version>1.0.2</version><CH><enrolled>Y</enrolled>'
    b"<acctID>c29tZWJvZHk=</acctID></CH><url>http://acs.example/pareq</url><protocol>ThreeDSecure</protocol></VERes></Message></ThreeDSecure>"
)


def lowest(_bound):
    return 0


def after(message=ARES, sender="Directory Server", **fault):
    document = read({"at": "ARes", **fault})
    raw = json.dumps(message).encode()
    assert applies(document, raw)
    return changed(document, raw, Around(sender, OTHER, lowest))


def message_after(**fault):
    return json.loads(after(**fault))


def without(*names):
    return {name: value for name, value in ARES.items() if name not in names}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"do": "drop", "element": "eci"}, without("eci")),
        ({"do": "drop", "element": "acsRenderingType.acsInterface"}, ARES | {"acsRenderingType": {}}),
        ({"do": "drop", "element": "messageExtension[0].id"}, ARES | {"messageExtension": [{"name": "known"}]}),
        ({"do": "set", "element": "eci", "value": "07"}, ARES | {"eci": "07"}),
        ({"do": "set", "element": "new.inner", "value": [1]}, ARES | {"new": {"inner": [1]}}),
        ({"do": "set", "element": "messageExtension[0]", "value": None}, ARES | {"messageExtension": [None]}),
        (
            {"do": "set", "element": "messageExtension[9]", "value": 1},
            ARES | {"messageExtension": [*ARES["messageExtension"], 1]},
        ),
        ({"do": "retype", "element": "eci", "to": "number"}, ARES | {"eci": 5}),
        ({"do": "retype", "element": "transStatus", "to": "number"}, ARES | {"transStatus": 1}),
        ({"do": "retype", "element": "eci", "to": "boolean"}, ARES | {"eci": True}),
        ({"do": "retype", "element": "eci", "to": "list"}, ARES | {"eci": ["05"]}),
        ({"do": "retype", "element": "eci", "to": "object"}, ARES | {"eci": {"value": "05"}}),
        ({"do": "retype", "element": "eci", "to": "null"}, ARES | {"eci": None}),
        (
            {"do": "retype", "element": "acsRenderingType", "to": "text"},
            ARES | {"acsRenderingType": '{"acsInterface":"01"}'},
        ),
    ],
)
def test_an_element_is_changed_and_nothing_else(fault, expected):
    assert message_after(**fault) == expected


@pytest.mark.parametrize(
    "second",
    [
        {"do": "retype", "element": "eci", "to": "list"},
        {"do": "rename", "element": "eci", "to": "ecis"},
        {"do": "duplicate-key", "element": "eci"},
        {"do": "drop", "element": "eci"},
    ],
)
def test_what_happens_to_an_element_that_another_fault_took_away_is_nothing(second):
    raw = after(do="drop", element="eci")
    assert changed(read({"at": "ARes", **second}), raw, Around("Directory Server", OTHER, lowest)) == raw


def test_a_renamed_element_keeps_its_place():
    names = list(message_after(do="rename", element="dsTransID", to="dsTransId"))
    assert names == [name.replace("dsTransID", "dsTransId") for name in ARES]


def test_a_name_that_stands_twice_has_two_values():
    pairs = json.loads(
        after(do="duplicate-key", element="acsRenderingType.acsInterface"), object_pairs_hook=lambda found: found
    )
    assert dict(pairs)["acsRenderingType"] == [("acsInterface", "01"), ("acsInterface", "10")]
    assert len(pairs) == len(ARES)


def test_the_ids_are_another_transactions_as_far_as_it_has_them_and_else_nobodys():
    swapped = message_after(do="swap-ids")
    assert {name: swapped[name] for name in ("threeDSServerTransID", "dsTransID")} == {
        name: OTHER[name] for name in ("threeDSServerTransID", "dsTransID")
    }
    assert swapped["acsTransID"] == "00000000-0000-4000-8000-000000000000"
    unknown = message_after(do="swap-ids", **{"with": "unknown", "element": "dsTransID"})
    assert unknown == ARES | {"dsTransID": "00000000-0000-4000-8000-000000000000"}


def test_a_critical_extension_stands_beside_those_that_were_there():
    extensions = message_after(do="critical-extension", id="A000000999-x")["messageExtension"]
    assert [one["id"] for one in extensions] == ["A", "A000000999-x"]
    assert extensions[1]["criticalityIndicator"] is True


def test_shuffled_names_mean_the_same():
    document = read({"at": "ARes", "do": "shuffle"})
    draws = iter(range(100))
    mixed = changed(document, json.dumps(ARES).encode(), Around("ACS", {}, lambda bound: next(draws) % bound))
    assert json.loads(mixed) == ARES
    assert list(json.loads(mixed)) != list(ARES)


@pytest.mark.parametrize(("sender", "component"), [("Directory Server", "D"), ("ACS", "A")])
def test_an_erro_in_place_of_a_message_is_about_its_request_and_keeps_its_ids(sender, component):
    found = json.loads(after(sender=sender, do="erro", code="403", detail="closed"))
    assert (found["messageType"], found["errorCode"], found["errorDetail"]) == ("Erro", "403", "closed")
    assert (found["errorComponent"], found["errorMessageType"]) == (component, "AReq")
    assert found["acsTransID"] == ARES["acsTransID"]


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "drop", "element": "acsURL"},
        {"do": "drop", "element": "eci.inner"},
        {"do": "rename", "element": "acsURL", "to": "x"},
        {"do": "retype", "element": "eci", "to": "text"},
        {"do": "duplicate-key", "element": "nothing"},
        {"do": "set", "element": "eci.inner", "value": 1},
        {"do": "swap-ids", "element": "sdkTransID"},
    ],
)
def test_a_fault_does_not_apply_to_what_is_not_there(fault):
    assert not applies(read({"at": "ARes", **fault}), json.dumps(ARES).encode())


@pytest.mark.parametrize("raw", [b"", b"[1]", b"\xff\x00", b"<nothing", b"{"])
def test_what_cannot_be_read_is_left_alone(raw):
    for at, fault in (("ARes", {"do": "shuffle"}), ("VERes", {"do": "critical-extension"})):
        assert not applies(read({"at": at, **fault}), raw)
        assert changed(read({"at": at, **fault}), raw, Around("ACS", {}, lowest)) == raw


@pytest.mark.parametrize(
    ("fault", "there", "gone"),
    [
        ({"do": "drop", "element": "CH.acctID"}, b"<CH><enrolled>Y</enrolled></CH>", b"acctID"),
        ({"do": "set", "element": "CH.enrolled", "value": "U"}, b"<enrolled>U</enrolled>", b">Y<"),
        ({"do": "set", "element": "shoe", "value": "43 < 44"}, b"<shoe>43 &lt; 44</shoe></VERes>", b"shoe/"),
        ({"do": "rename", "element": "CH.enrolled", "to": "Enrolled"}, b"<Enrolled>Y</Enrolled>", b"<enrolled>"),
        ({"do": "duplicate-key", "element": "url"}, b"pareq</url><url>http://acs.example/pareq0</url>", b"pareq00"),
        ({"do": "swap-ids"}, b"<acctID>b3RoZXI=</acctID>", b"c29tZWJvZHk="),
        ({"do": "swap-ids", "with": "unknown"}, b"<acctID>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</acctID>", b"c29tZWJvZHk="),
        ({"do": "critical-extension", "id": "x"}, b'<Extension id="x" critical="true">', b"nothing else"),
        ({"do": "erro", "code": "5"}, b"<Error><version>1.0.2</version><errorCode>5</errorCode>", b"<VERes"),
        ({"do": "erro"}, b"<errorCode>98</errorCode>", b"<VERes"),
    ],
)
def test_xml_is_changed_where_it_is_meant(fault, there, gone):
    fault = read({"at": "VERes", **fault})
    assert applies(fault, VERES)
    became = changed(fault, VERES, Around("ACS", OTHER, lowest))
    assert there in became
    assert gone not in became
    assert b'<Message id="vereq-1">' in became


def test_a_delay_may_be_drawn_between_two_bounds():
    even = read({"at": "ARes", "do": "delay", "seconds": 1, "up_to": 3})
    assert [even.carriage(lambda bound, share=share: int(bound * share)).seconds for share in (0, 0.5)] == [1, 2]
    tail = read({"at": "ARes", "do": "delay", "seconds": 1, "up_to": 3, "distribution": "exponential"})
    drawn = [tail.carriage(lambda bound, share=share: int(bound * share)).seconds for share in (0, 0.5, 0.999999)]
    assert drawn[0] == 1
    assert 1.2 < drawn[1] < 1.5
    assert drawn[2] == 3
    assert read({"at": "ARes", "do": "delay", "seconds": 4}).carriage(lowest).seconds == 4


def test_garbage_has_the_length_that_was_asked_for():
    assert read({"at": "ARes", "do": "garbage", "bytes": 5}).carriage(lambda bound: bound - 1).body == b"\xff" * 5


PAGE = """<!doctype html><form method="post" action="https://shop.example/n?a=1&amp;b=2" class="ending" data-delay="3000">
<input type="hidden" name="cres" value="eyJhIjoxfQ"><input type="hidden" name="threeDSSessionData" value="abc">
<button id="continue">Go</button></form>"""


def test_the_field_of_a_page_is_read_and_written():
    assert forms.field_of(PAGE, "cres") == "eyJhIjoxfQ"
    assert forms.field_of(PAGE, "PaRes") is None
    assert forms.action_of(PAGE) == "https://shop.example/n?a=1&b=2"
    assert forms.raw_of("eyJhIjoxfQ") == b'{"a":1}'
    assert forms.value_of(b'{"a":1}') == "eyJhIjoxfQ"
    again = forms.with_field(PAGE, "cres", '"><script>')
    assert escape('"><script>') in again
    assert forms.field_of(again, "cres") == '"><script>'


@pytest.mark.parametrize("raw", [b'{"a":1}', b'{"a":12}', b'{"a":123}'])
def test_padded_base64_always_has_padding_and_still_holds_the_message(raw):
    padded = forms.padded_value(raw)
    assert padded.endswith("=")
    assert json.loads(forms.raw_of(padded.rstrip("="))) == json.loads(raw)


def test_a_page_that_posts_twice_posts_to_a_hidden_frame_first():
    twice = forms.posted_twice(PAGE.encode()).decode()
    assert twice.count("<form") == twice.count('name="cres"') == 2
    assert twice.count('id="continue"') == 1
    assert twice.index('target="first-post"') < twice.index('data-delay="3500"')
    assert forms.posted_twice(b"no form") == b"no form"
    assert b"form" not in forms.without_form(PAGE.encode())


def test_what_belongs_together_is_learnt_from_every_message():
    memory = Memory()
    ids = {name: ARES[name] for name in ("threeDSServerTransID", "acsTransID")}
    memory.learn(
        {"messageType": "AReq", "acctNumber": "4000000000000002", "threeDSServerTransID": ids["threeDSServerTransID"]}
    )
    assert "4000000000000002" in memory.learn({"messageType": "ARes", **ids})
    assert "4000000000000002" in memory.learn({"acsTransID": ids["acsTransID"].upper()}, session="session")
    own = memory.learn({"acsTransID": ids["acsTransID"]})
    assert memory.another(own) is None
    memory.learn({"messageType": "VEReq", "pan": "4000000901000002", "messageId": "v1"})
    memory.learn({"messageType": "VERes", "messageId": "v1", "acctID": "abc"})
    classic = memory.learn(
        {"messageType": "PAReq", "messageId": "p1", "CH": {"acctID": "abc"}, "Purchase": {"xid": "x1"}}
    )
    assert "4000000901000002" in classic
    assert memory.another(own).ids["xid"] == "x1"
    assert memory.another_session(classic) == "session"
    assert memory.another_session(own) is None


def test_the_number_of_a_pares_is_masked_and_tells_no_card():
    memory = Memory()
    memory.learn({"messageType": "PARes", "pan": "0000000000000002", "xid": "x1"})
    assert memory.learn({"messageType": "PARes", "pan": "0000000000000002", "xid": "x2"}) == {"x2"}


def test_memory_forgets_the_oldest():
    memory = Memory()
    for number in range(3_000):
        memory.learn({"threeDSServerTransID": str(number)})
    assert memory.learn({"threeDSServerTransID": "0", "acsTransID": "a"}) == {"0", "a"}
    assert len(memory._known) == 2_000
