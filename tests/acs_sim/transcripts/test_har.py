"""A transcript as an HTTP Archive."""

from datetime import datetime

from acs_sim.transcripts.har import har
from tests.acs_sim.transcripts.hops import ACS, conversation, hop, transcript

# http://www.softwareishard.com/blog/har-12-spec/: what has to be there.
ENTRY = {"startedDateTime", "time", "request", "response", "cache", "timings"}
REQUEST = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
RESPONSE = {
    "status",
    "statusText",
    "httpVersion",
    "cookies",
    "headers",
    "content",
    "redirectURL",
    "headersSize",
    "bodySize",
}


def entries(document):
    return har(document)["log"]["entries"]


def test_every_entry_has_what_the_format_demands():
    log = har(conversation())["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    for entry in log["entries"]:
        assert set(entry) >= ENTRY
        assert set(entry["request"]) >= REQUEST
        assert set(entry["response"]) >= RESPONSE
        assert set(entry["timings"]) >= {"send", "wait", "receive"}
        assert entry["time"] == sum(entry["timings"].values())
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert entry["request"]["postData"]["mimeType"] == "application/json"
        assert isinstance(entry["response"]["content"]["size"], int)


def test_a_request_and_its_answer_are_one_entry():
    told = [(entry["comment"], entry["response"]["status"], entry["time"]) for entry in entries(conversation())]
    assert told == [
        ("3DS Server -> Directory Server: AReq", 200, 12.5),
        ("Browser -> ACS: CReq", 200, 9),
        ("Directory Server -> 3DS Server: RReq", 200, 3.25),
    ]


def test_the_note_of_a_fault_takes_no_answer_away_from_the_request_that_it_stands_beside():
    asked = [hop("Directory Server", "3DS Server", kind) for kind in ("RReq", "fault")]
    (rreq, fault) = entries(transcript(*asked, hop("3DS Server", "Directory Server", "RRes", status=200)))
    assert (rreq["response"]["status"], fault["response"]["status"]) == (200, 0)


def test_addresses_are_those_that_the_messages_tell():
    document = conversation()
    document["hops"][0]["message"]["threeDSServerURL"] = "https://gateway.example/results"
    urls = [entry["request"]["url"] for entry in entries(document)]
    assert urls == [
        "http://127.0.0.1:8100/",
        f"http://127.0.0.1:8200/3ds2/challenge?of={ACS}",
        "https://gateway.example/results",
    ]
    assert entries(document)[1]["request"]["queryString"] == [{"name": "of", "value": ACS}]


def test_an_answer_that_is_not_known_is_said_to_be_unknown():
    (entry,) = entries(transcript(hop("Browser", "ACS", "CReq")))
    assert entry["response"]["status"] == 0
    assert "not in the transcript" in entry["response"]["comment"]
