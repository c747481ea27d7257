"""The verdict over HTTP: JSON, JUnit, the pages, and the outcome that a gateway tells."""

import asyncio
from datetime import datetime
from time import process_time
from xml.etree import ElementTree

import pytest
from lxml import html

from acs_sim.desk.log.lines import Log
from acs_sim.findings.engine import ALL_RULES, verdict_on
from acs_sim.findings.model import Severity
from tests.acs_sim.findings.samples import AREQ, IDS, ONE, REFUSED, STARTED_AT, entry
from tests.acs_sim.world import SERVER_ID
from tests.support.patience import PATIENCE_SECONDS
from threedsecure.storage.errors import DatabaseAway

WRONG = (
    entry("AReq"),
    entry("ARes"),
    entry("CReq"),
    entry("RReq", **REFUSED),
    entry("RRes", took_ms=9.0),
    entry("CRes"),
)


def crossed(stack, *entries):
    for one in entries:
        stack.runtime.journal.record(
            datetime.fromisoformat(one["at"]),
            one["from"],
            one["to"],
            one["kind"],
            one["message"],
            took_ms=one.get("took_ms"),
            facts=one["facts"],
            transaction_id=ONE,
        )


async def test_a_gateway_is_acquitted_until_it_tells_what_it_did(call, stack):
    crossed(stack, *WRONG)
    _, document, _ = await call("GET", f"/api/transactions/{SERVER_ID}/findings")
    assert document == {"verdict": "acquitted", "findings": []}
    status, document, _ = await call("POST", f"/api/transactions/{SERVER_ID}/outcome", json={"outcome": "accepted"})
    (finding,) = document["findings"]
    assert (status, document["verdict"], finding["rule"]) == (200, "convicted", "result-from-cres")
    assert finding["evidence"][1] == {
        "message": "RReq",
        "at": "2026-06-15T12:00:00.000+00:00",
        "number": 4,
        "element": "transStatus",
        "found": "N",
    }
    assert (await call("GET", "/api/findings"))[1] == document


async def test_filters_choose_the_severity_and_the_rule(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"))
    of_all = {one["severity"] for one in (await call("GET", "/api/findings?severity=good"))[1]["findings"]}
    assert of_all == {"error", "good"}
    _, document, _ = await call("GET", "/api/findings?severity=good&rule=results-acknowledged")
    assert [one["evidence"][0]["found"] for one in document["findings"]] == ["9 ms"]
    assert document["verdict"] == "acquitted"


@pytest.mark.parametrize("query", ["severity=bad", "rule=no-rule", "format=pdf", "colour=red"])
async def test_a_filter_that_means_nothing_is_refused_by_name(call, query):
    status, problem, _ = await call("GET", f"/api/findings?{query}")
    assert (status, query.partition("=")[0] in problem["detail"]) == (400, True)


@pytest.mark.parametrize("body", [{}, {"outcome": "perhaps"}, {"outcome": "accepted", "transStatus": "C"}, {"out": 1}])
async def test_an_outcome_that_cannot_be_read_is_refused(call, body):
    status, _, headers = await call("POST", f"/api/transactions/{SERVER_ID}/outcome", json=body)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")


async def test_an_outcome_of_no_transaction_is_not_found(call, world):
    world.rows = []
    status, _, _ = await call("POST", "/api/transactions/nobody/outcome", json={"outcome": "accepted"})
    assert status == 404


async def test_junit_has_a_case_for_each_rule_and_a_failure_for_each_error(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"), entry("RRes", took_ms=2500.0))
    _, text, headers = await call.text("GET", "/api/findings?format=junit")
    suite = ElementTree.fromstring(text.encode())[0]
    cases = {case.get("name"): case for case in suite}
    assert headers["Content-Type"].startswith("application/xml")
    assert {*cases} == {rule.name for rule in ALL_RULES if rule.severity is not Severity.GOOD}
    assert [name for name, case in cases.items() if case.find("failure") is not None] == ["result-from-cres"]
    assert suite.get("failures") == "1"
    assert ONE in cases["result-from-cres"].find("failure").text
    assert "2500 ms" in cases["results-late"].find("system-out").text


async def test_ctrf_says_the_same_as_junit(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"), entry("RRes", took_ms=2500.0))
    _, report, _ = await call("GET", "/api/findings?format=ctrf")
    tests = {test["name"]: test for test in report["results"]["tests"]}
    assert {*tests} == {rule.name for rule in ALL_RULES if rule.severity is not Severity.GOOD}
    assert [name for name, test in tests.items() if test["status"] == "failed"] == ["result-from-cres"]
    assert ONE in tests["result-from-cres"]["trace"]
    assert tests["results-late"]["extra"]["findings"][0]["transaction_id"] == ONE
    assert (report["results"]["summary"]["tests"], report["results"]["summary"]["failed"]) == (len(tests), 1)


async def test_a_rule_that_is_muted_is_told_nowhere_until_it_is_wanted_again(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"))
    assert "1 finding" in await marks(call)
    status, document, _ = await call(
        "POST", "/api/findings/muted", json={"rule": "result-from-cres", "reason": "GW-17"}
    )
    assert (status, document["muted"]) == (201, [{"rule": "result-from-cres", "reason": "GW-17"}])
    assert (await call("GET", "/api/findings"))[1] == {"verdict": "acquitted", "findings": []}
    assert (await call("GET", f"/api/transactions/{SERVER_ID}/findings"))[1]["verdict"] == "acquitted"
    assert "finding" not in await marks(call)
    for page in (f"/transactions/{SERVER_ID}", "/findings"):
        assert "took the result from the CRes" not in (await call.text("GET", page))[1]
    assert "GW-17" in (await call.text("GET", "/findings"))[1]
    await call("POST", "/api/reset")
    assert (await call("GET", "/api/findings/muted"))[1] == document
    status, document, _ = await call("DELETE", "/api/findings/muted/result-from-cres")
    assert (status, document["muted"]) == (200, [])
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"))
    assert (await call("GET", "/api/findings"))[1]["verdict"] == "convicted"
    assert "1 finding" in await marks(call)


async def marks(call) -> str:
    """The front page once its findings are counted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "Looking for findings" in (text := (await call.text("GET", "/transactions/rows"))[1]):
            pass
    return text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"rule": "no-rule", "reason": "so"}, "rule"),
        ({"rule": "result-from-cres"}, "reason"),
        ({"rule": "result-from-cres", "reason": ""}, "reason"),
        ({"rule": "result-from-cres", "reason": "x" * 201}, "reason"),
    ],
)
async def test_what_cannot_be_muted_is_named(call, body, named):
    status, problem, _ = await call("POST", "/api/findings/muted", json=body)
    assert (status, named in problem["detail"]) == (400, True)
    assert (await call("DELETE", "/api/findings/muted/result-from-cres"))[0] == 404


async def test_the_page_counts_by_rule_shows_one_of_them_and_mutes_it(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"), entry("RRes", took_ms=2500.0))
    page = html.document_fromstring((await call.text("GET", "/findings"))[1])
    rows = [" ".join(row.text_content().split()) for row in page.xpath("//table[@id='by-rule']/tbody/tr")]
    assert [(row.split()[0], "1 Why" in row) for row in rows] == [("error", True), ("warning", True)]
    (live,) = page.xpath("//@data-live[contains(., 'findings')]")
    assert "results-late" in (await call.text("GET", live))[1]
    _, text, _ = await call.text("GET", "/findings?rule=results-late")
    assert [article.get("id") for article in html.document_fromstring(text).xpath("//article")] == [
        f"results-late-{ONE}"
    ]
    await call.text("POST", "/findings", data={"mute": "results-late", "reason": "a slow test machine"})
    text = (await call.text("GET", "/findings"))[1]
    assert "a slow test machine" in text
    assert html.document_fromstring(text).xpath("//button[@name='unmute']/@value") == ["results-late"]
    await call.text("POST", "/findings", data={"unmute": "results-late"})
    assert "a slow test machine" not in (await call.text("GET", "/findings"))[1]
    status, text, _ = await call.text("POST", "/findings", data={"mute": "results-late", "reason": " "})
    assert (status, "for a reason" in text) == (400, True)


async def test_the_pages_link_each_finding_to_its_message(call, stack):
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"))
    for page, link in (
        (f"/transactions/{SERVER_ID}", f"/transactions/{SERVER_ID}?m=6"),
        ("/findings", f"/transactions/{ONE}?m=6"),
    ):
        status, text, _ = await call.text("GET", page)
        assert status == 200
        assert f'href="{link}">CRes</a>' in text
        assert "took the result from the CRes" in text
    assert 'id="m6"' in (await call.text("GET", f"/transactions/{SERVER_ID}"))[1]


async def test_the_pages_are_quiet_when_all_is_well(call, stack):
    crossed(stack, entry("AReq"), entry("ARes"))
    assert "Nothing to say against the gateway" in (await call.text("GET", "/findings"))[1]
    assert "Findings</h2>" not in (await call.text("GET", f"/transactions/{SERVER_ID}"))[1]
    assert "Nothing to say" not in (await call.text("GET", "/findings?good=yes"))[1]


async def test_a_shop_that_does_not_take_the_cres_is_noted(call, stack, world):
    world.notification_url = f"{stack.addresses.shop}/nothing-here"
    await call("POST", f"/api/transactions/{SERVER_ID}/cardholder", json={"do": "submit", "code": "correct"})
    _, document, _ = await call("GET", f"/api/transactions/{SERVER_ID}/findings")
    (finding,) = document["findings"]
    assert (finding["rule"], finding["evidence"][0]["found"]) == ("notification-unanswered", "HTTP 404")


async def test_a_shop_that_is_not_there_is_noted_too(call, stack, world):
    world.notification_url = "http://127.0.0.1:1/gone"
    status, _, _ = await call(
        "POST", f"/api/transactions/{SERVER_ID}/cardholder", json={"do": "submit", "code": "correct"}
    )
    assert status == 409
    _, document, _ = await call("GET", f"/api/transactions/{SERVER_ID}/findings")
    assert [finding["rule"] for finding in document["findings"]] == ["notification-unanswered"]


async def test_transactions_older_than_what_is_read_are_judged_whole(call, stack, monkeypatch):
    monkeypatch.setattr("acs_sim.desk.control.findings.NEWEST", 2)
    crossed(stack, *WRONG, entry("outcome", outcome="accepted"))
    _, document, _ = await call("GET", "/api/findings")
    assert [finding["rule"] for finding in document["findings"]] == ["result-from-cres"]


async def test_of_a_transaction_without_end_so_many_messages_are_judged_and_only_once(call, stack, monkeypatch):
    monkeypatch.setattr("acs_sim.desk.log.lines.MOST_OF_A_TRANSACTION", len(WRONG))
    monkeypatch.setattr("threedsecure.web.journal.MOST_OF_A_TRANSACTION", len(WRONG))
    judged = []
    monkeypatch.setattr(
        "acs_sim.desk.log.verdicts.verdict_on", lambda entries: judged.append(len(entries)) or verdict_on(entries)
    )
    for _ in range(3):
        crossed(stack, *WRONG)
        await call("GET", "/api/findings")
    assert judged == [len(WRONG)]


async def test_those_who_ask_meanwhile_share_the_next_trial():
    log, begun, is_begun, may_end = Log(), [], asyncio.Event(), asyncio.Event()

    async def trial():
        begun.append(1)
        is_begun.set()
        await may_end.wait()

    first = asyncio.create_task(log.tried(trial))
    await is_begun.wait()
    others = [asyncio.create_task(log.tried(trial)) for _ in range(5)]
    may_end.set()
    await asyncio.gather(first, *others)
    assert len(begun) == 2


async def test_a_trial_that_fails_is_none():
    log = Log()

    async def away():
        raise DatabaseAway("full")

    tried = []
    with pytest.raises(DatabaseAway):
        await log.tried(away)
    await log.tried(lambda: asyncio.sleep(0, tried.append(1)))
    assert tried == [1]


async def test_a_transaction_is_judged_once_and_again_when_more_of_it_has_crossed(call, stack, monkeypatch):
    judged = []
    monkeypatch.setattr("acs_sim.desk.log.verdicts.verdict_on", lambda entries: judged.append(1) or verdict_on(entries))
    crossed(stack, *WRONG)
    for path in ("/api/findings", "/findings", "/api/findings?severity=good", "/", "/api/findings?format=junit"):
        await call.text("GET", path)
    assert len(judged) == 1
    crossed(stack, entry("outcome", outcome="accepted"))
    _, document, _ = await call("GET", "/api/findings")
    assert ([one["rule"] for one in document["findings"]], len(judged)) == (["result-from-cres"], 2)
    await stack.runtime.journal.forget()
    crossed(stack, *WRONG, entry("outcome", outcome="refused"))
    assert (await call("GET", "/api/findings"))[1]["findings"] == []


async def test_what_many_share_is_read_once_for_all_of_them(call, stack):
    """A peer that gives every payment the acsTransID of all others has them read a hundred times."""
    for number in range(400):
        stack.runtime.journal.record(
            STARTED_AT, "3DS Server", "Directory Server", "AReq", {**AREQ, **IDS, "threeDSServerTransID": f"{number}"}
        )
        if number % 4 == 0:
            await stack.runtime.journal.flush()
    began = process_time()
    assert (await call("GET", "/api/findings"))[0] == 200
    first, began = process_time() - began, process_time()
    assert (await call("GET", "/api/findings"))[0] == 200
    assert first < 4
    assert process_time() - began < first / 4
