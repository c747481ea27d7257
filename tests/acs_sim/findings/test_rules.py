"""Each rule over entries typed by hand: what convicts, and the nearest thing that does not."""

from datetime import timedelta

import pytest

from acs_sim.findings.engine import ALL_RULES, convicted, of_all, of_transaction, verdict_on
from acs_sim.findings.model import Severity
from tests.acs_sim.findings.samples import IDS, REFUSED, entry

ANOTHER = "00000000-0000-4000-8000-000000000002"
YET_ANOTHER = "00000000-0000-4000-8000-000000000003"
CHALLENGED = (entry("AReq"), entry("ARes"), entry("CReq"))
PASSED = (*CHALLENGED, entry("RReq"), entry("RRes", took_ms=40.0), entry("CRes"))


def rules(*entries, mildest=Severity.WARNING):
    return [finding.rule.name for finding in of_transaction(entries, mildest)]


def evidence(*entries):
    (finding,) = of_transaction(entries)
    return [(each.message, each.element, each.found) for each in finding.evidence]


def between(*transactions):
    return [finding.rule.name for finding in of_all(map(verdict_on, transactions))]


def erro(code, about, road=("Directory Server", "3DS Server"), component="D", **more):
    told = {"errorCode": code, "errorMessageType": about, "errorComponent": component, "errorDetail": "that"}
    return entry("Erro", road=road, **told, **more)


FROM_GATEWAY = ("3DS Server", "Directory Server")
TO_BROWSER = ("ACS", "Browser")


def test_a_payment_as_it_should_be_is_quiet():
    assert rules(*PASSED) == []
    assert rules() == []


def test_what_is_good_is_told_with_its_numbers():
    found = of_transaction(PASSED, Severity.GOOD)
    assert [(each.rule.name, each.evidence[0].found) for each in found] == [
        ("results-acknowledged", "40 ms"),
        ("buyer-data-complete", None),
    ]
    assert not convicted(found)


def test_a_rule_with_a_date_is_told_to_who_asks_for_advice():
    lacking = entry("AReq", acctNumber="5200000000000007", email=None, mobilePhone=None)
    assert "dated-rules" not in rules(lacking, entry("ARes"))
    found = of_transaction([lacking, entry("ARes")], Severity.ADVICE)
    (told,) = [each.evidence for each in found if each.rule.name == "dated-rules"]
    assert [each.found[:34] for each in told] == ["from 2026-07-01 on Mastercard: an "]


@pytest.mark.parametrize(
    ("rreq", "cres", "outcome", "expected"),
    [
        (REFUSED, {"transStatus": "Y"}, {"outcome": "accepted"}, ["result-from-cres"]),
        (REFUSED, {"transStatus": "Y"}, {"outcome": "refused"}, []),
        ({"transStatus": "Y"}, {"transStatus": "N"}, {"outcome": "refused", "transStatus": "N"}, ["result-from-cres"]),
        ({"transStatus": "Y"}, {"transStatus": "N"}, {"outcome": "refused"}, []),
        (REFUSED | {"transStatus": "U"}, {"transStatus": "N"}, {"outcome": "accepted"}, []),
        (REFUSED, {"transStatus": "N"}, {"outcome": "accepted"}, ["result-not-followed"]),
        (REFUSED, {"transStatus": "N"}, {"outcome": "accepted", "transStatus": "N"}, ["result-not-followed"]),
        ({"transStatus": "Y"}, {"transStatus": "Y"}, {"outcome": "accepted", "transStatus": "Y"}, []),
        (
            {"transStatus": "Y"},
            {"transStatus": "Y"},
            {"outcome": "accepted", "transStatus": "A"},
            ["result-not-followed"],
        ),
    ],
)
def test_the_outcome_is_held_against_both_messages(rreq, cres, outcome, expected):
    crossed = (*CHALLENGED, entry("RReq", **rreq), entry("RRes", took_ms=1.0), entry("CRes", **cres))
    assert rules(*crossed, entry("outcome", **outcome)) == expected


def test_an_outcome_before_the_rreq_was_taken_from_the_cres():
    early = (*CHALLENGED, entry("CRes"), entry("outcome", outcome="accepted"))
    assert rules(*early) == ["result-from-cres"]
    assert rules(*early, entry("RReq"), entry("RRes")) == ["result-from-cres"]
    assert rules(*CHALLENGED, entry("CRes"), entry("outcome", outcome="refused")) == []


def test_an_rreq_that_never_arrived_leaves_the_cres_alone_to_have_been_believed():
    crossed = (*CHALLENGED, entry("RReq"), entry("connection failed", reason="refused"), entry("CRes"))
    assert rules(*crossed, entry("outcome", outcome="accepted")) == ["result-from-cres", "results-unanswered"]


def test_a_payment_accepted_while_its_challenge_was_open_followed_no_result():
    assert rules(*CHALLENGED, entry("outcome", outcome="accepted")) == ["result-not-followed"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (entry("CGI2", **{"code-retour": "payetest"}), ["result-not-followed"]),
        (entry("CGI2", **{"code-retour": "Annulation"}), []),
        (entry("IPN", Mt="4200", Erreur="00000"), ["result-not-followed"]),
        (entry("IPN", Mt="4200", Erreur="00040"), []),
    ],
)
def test_what_the_reference_gateway_tells_its_shops_is_an_outcome_too(told, expected):
    assert rules(entry("AReq"), entry("ARes", transStatus="N"), told) == expected


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (entry("no answer", reason="nothing within 3 s"), "no answer: nothing within 3 s"),
        (entry("message", road=FROM_GATEWAY, status=502, begins="<html>"), "HTTP 502 <html>"),
    ],
)
def test_an_rreq_that_gets_no_rres_convicts(answer, found):
    assert [each[2] for each in evidence(*CHALLENGED, entry("RReq"), answer, entry("CRes"))] == [found]


def test_an_rreq_that_is_still_under_way_convicts_nobody():
    assert rules(*CHALLENGED, entry("RReq")) == []


def test_a_late_rres_is_a_warning():
    assert rules(*CHALLENGED, entry("RReq"), entry("RRes", took_ms=2400.0), entry("CRes")) == ["results-late"]


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"dsTransID": ANOTHER}, "dsTransID"),
        ({"resultsStatus": None}, "resultsStatus"),
        ({"resultsStatus": "09"}, "resultsStatus"),
        ({"resultsStatus": "02"}, "resultsStatus"),
        ({"messageVersion": "2.1.0"}, "messageVersion"),
        ({"messageVersion": "9"}, "messageVersion"),
    ],
)
def test_a_wrong_rres_is_convicted_of_the_element(changes, element):
    crossed = (*CHALLENGED, entry("RReq"), entry("RRes", **changes), entry("CRes"))
    assert {each[:2] for each in evidence(*crossed)} == {("RRes", element)}


def test_02_is_right_where_the_rreq_says_that_no_challenge_began_although_a_creq_was_posted():
    """One that was spoilt on its way, or came to nobody."""
    never = entry(
        "RReq", transStatus="N", transStatusReason="14", challengeCancel="05", eci=None, authenticationValue=None
    )
    assert "results-answered-wrongly" not in rules(*CHALLENGED, never, entry("RRes", resultsStatus="02"))
    other = entry(
        "RReq", transStatus="N", transStatusReason="14", challengeCancel="04", eci=None, authenticationValue=None
    )
    assert "results-answered-wrongly" in rules(*CHALLENGED, other, entry("RRes", resultsStatus="02"))


def test_a_wrong_rreq_that_is_taken_is_a_warning_and_refused_it_is_good():
    wrong = entry("RReq", acsTransID=ANOTHER)
    assert rules(*CHALLENGED, wrong, entry("RRes"), entry("CRes")) == ["wrong-result-taken"]
    complaint = erro("301", "RReq", FROM_GATEWAY, "S")
    assert rules(*CHALLENGED, wrong, complaint, mildest=Severity.GOOD)[0] == "wrong-message-refused"


def test_an_erro_for_a_right_message_convicts_but_not_one_that_says_too_late():
    assert rules(entry("AReq"), entry("ARes"), erro("203", "ARes", FROM_GATEWAY, "S")) == ["erro-for-right-message"]
    decoupled = (entry("AReq"), entry("ARes", transStatus="D", acsURL=None), entry("RReq"))
    assert "erro-for-right-message" not in rules(*decoupled, erro("402", "RReq", FROM_GATEWAY, "S"))


@pytest.mark.parametrize("code", ["101", "201", "203", "305"])
def test_an_erro_of_the_directory_server_convicts_its_cause(code):
    assert rules(entry("AReq"), erro(code, "AReq")) == ["request-refused"]


@pytest.mark.parametrize(
    "other", [erro("402", "AReq"), erro("405", "AReq"), erro("203", "AReq", component="A"), erro("203", "RReq")]
)
def test_an_erro_for_somebody_elses_fault_convicts_nobody(other):
    assert rules(entry("AReq"), other) == []


def visit(**facts):
    return entry("3DS Method", facts=facts)


RANGE_WITH_URL = entry("ARes", transStatus="Y", acsURL=None, facts={"threeDSMethod": True})
RANGE_WITHOUT = entry("ARes", transStatus="Y", acsURL=None, facts={"threeDSMethod": False})


@pytest.mark.parametrize(
    ("before", "told", "answer", "expected"),
    [
        ([], "U", RANGE_WITHOUT, []),
        ([], "N", RANGE_WITHOUT, ["comp-ind-mismatch"]),
        ([], "Y", RANGE_WITH_URL, ["comp-ind-mismatch"]),
        ([], "U", RANGE_WITH_URL, ["method-skipped"]),
        ([], "N", RANGE_WITH_URL, ["method-skipped"]),
        ([visit(callsBack=True)], "Y", RANGE_WITH_URL, []),
        ([visit(callsBack=True)], "N", RANGE_WITH_URL, []),
        ([visit(callsBack=True)], "U", RANGE_WITH_URL, ["comp-ind-mismatch"]),
        ([visit(callsBack=False)], "N", RANGE_WITH_URL, []),
        ([visit(callsBack=False)], "Y", RANGE_WITH_URL, ["comp-ind-mismatch"]),
    ],
)
def test_the_indicator_is_held_against_what_the_browser_did(before, told, answer, expected):
    assert rules(*before, entry("AReq", threeDSCompInd=told), answer) == expected


def test_a_visit_after_the_areq_is_too_late_and_an_app_has_no_method():
    assert rules(entry("AReq", threeDSCompInd="Y"), visit(callsBack=True), RANGE_WITH_URL) == ["comp-ind-mismatch"]
    assert "comp-ind-mismatch" not in rules(entry("AReq", deviceChannel="01", threeDSCompInd=None), RANGE_WITH_URL)
    reused = entry("AReq", messageVersion="2.3.1", threeDSCompInd="Y", threeDSMethodId=ANOTHER)
    assert "comp-ind-mismatch" not in rules(reused, RANGE_WITH_URL)


def test_one_retry_of_an_areq_is_allowed_and_three_are_a_storm():
    assert rules(entry("AReq"), entry("AReq", purchaseDate="20260615120001"), RANGE_WITHOUT) == []
    assert rules(*[entry("AReq")] * 3, RANGE_WITHOUT) == ["retry-storm"]


def test_a_second_areq_with_the_same_id_is_allowed_after_spc_alone():
    second = entry("AReq", purchaseAmount="100")
    assert rules(entry("AReq"), RANGE_WITHOUT, second, RANGE_WITHOUT) == ["trans-id-reused"]
    spc = entry("ARes", transStatus="S", acsURL=None, facts={"threeDSMethod": False})
    assert rules(entry("AReq"), spc, second, RANGE_WITHOUT) == []


@pytest.mark.parametrize(
    "changes", [{"acsTransID": ANOTHER}, {"messageVersion": "2.1.0"}, {"challengeWindowSize": None}]
)
def test_a_wrong_creq_is_convicted_of_the_element(changes):
    crossed = (entry("AReq"), entry("ARes"), entry("CReq", **changes))
    assert {each[1] for each in evidence(*crossed)} == {*changes}


def test_a_creq_that_comes_too_late_or_twice_is_not_wrong():
    assert rules(*CHALLENGED, entry("CReq"), erro("402", "CReq", TO_BROWSER, "A")) == []
    assert rules(*CHALLENGED, erro("203", "CReq", TO_BROWSER, "A")) == ["creq-wrong"]


def test_a_challenge_that_never_begins_is_a_warning_unless_the_gateway_says_so():
    waited = (entry("AReq"), entry("ARes"), entry("RReq", transStatus="N", challengeCancel="05"))
    assert "challenge-never-begun" in rules(*waited, entry("RRes"))
    assert "challenge-never-begun" not in rules(*waited, entry("RRes", resultsStatus="02"))


def test_a_window_that_is_closed_before_the_cres_is_a_warning():
    assert rules(*CHALLENGED, entry("RReq"), entry("RRes")) == ["cres-never-fetched"]


@pytest.mark.parametrize(
    ("kind", "element", "value"),
    [
        ("AReq", "notificationURL", "https://shop.example/back?card=400000******0001"),
        ("AReq", "notificationURL", "https://user:hunter2@shop.example/back"),
        ("AReq", "threeDSRequestorURL", "https://shop.example/?CVV=123"),
        ("CReq", "messageExtension", [{"data": {"note": "400000******0001"}}]),
    ],
)
def test_a_secret_in_clear_is_named_by_its_element(kind, element, value):
    crossed = [entry(kind, **{element: value}) if one["kind"] == kind else one for one in PASSED]
    found = [each for finding in of_transaction(crossed) for each in finding.evidence]
    assert any(each.message == kind and each.element.startswith(element) for each in found)
    assert "hunter2" not in str(found)


def test_an_address_that_no_browser_could_read_is_no_secret():
    assert rules(entry("AReq", notificationURL="https://[shop.example/?pwd=1"), RANGE_WITHOUT) == []


def test_card_ranges_are_asked_for_once_an_hour_and_whole_twice_a_day():
    def prepared(after, **changes):
        one = f"00000000-0000-4000-8000-{after.total_seconds():012.0f}"
        return [entry("PReq", after, one, **changes), entry("PRes", after, one)]

    hours = lambda n: timedelta(hours=n)  # noqa: E731
    assert between(prepared(hours(0)), prepared(hours(0.5), serialNum="7")) == ["preq-too-eager"]
    assert between(prepared(hours(0)), prepared(hours(6))) == ["preq-whole-list"]
    assert between(prepared(hours(0)), prepared(hours(6), serialNum="7"), prepared(hours(13))) == []
    assert between(prepared(hours(0)), prepared(hours(0.5), facts={"scheme": "mastercard"})) == []
    assert between(prepared(hours(0)), prepared(hours(0.5), threeDSServerRefNumber="3DS_OTHER")) == []
    assert between([entry("PReq"), erro("103", "PReq")]) == ["preq-too-eager"]


def test_ranges_older_than_a_day_are_a_warning_and_ranges_never_seen_are_not():
    areq = entry("AReq", timedelta(hours=25), threeDSServerRefNumber="3DS_TEST")
    prepared = [entry("PReq", of=ANOTHER), entry("PRes", of=ANOTHER)]
    assert between(prepared, [areq, RANGE_WITHOUT]) == ["preq-stale"]
    assert between([areq, RANGE_WITHOUT]) == []


def test_a_serial_number_that_is_unknown_is_not_sent_again_and_sent_once_is_no_fault():
    def refused(number, *faults, **changes):
        one = f"00000000-0000-4000-8000-{number:012}"
        return [{**each, "transaction_id": one} for each in (entry("PReq", **changes), erro("307", "PReq"), *faults)]

    spoilt = {**entry("fault", road=("Directory Server", "3DS Server")), "message": {"at": "Erro", "do": "status"}}
    nines, eights = {"serialNum": "99"}, {"serialNum": "88"}
    assert between(refused(1, **nines), refused(2, **nines)) == ["preq-serial-kept"]
    assert between(refused(1, **nines), refused(2, **eights)) == []
    assert between(refused(1, **nines), refused(2, **nines, facts={"scheme": "mastercard"})) == []
    assert between(refused(1, spoilt, **nines), refused(2, **nines)) == []


@pytest.mark.parametrize(
    ("after", "changes", "answered", "convicted"),
    [
        (24, {}, True, False),
        (25, {}, True, False),
        (26, {}, True, True),
        (24, {}, False, True),
        (24, {"facts": {"scheme": "mastercard"}}, True, True),
    ],
)
def test_ranges_are_as_old_as_the_last_list_of_the_scheme_that_had_come_by_then(after, changes, answered, convicted):
    areq = entry("AReq", timedelta(hours=25), threeDSServerRefNumber="3DS_TEST")
    answer = entry("PRes", of=YET_ANOTHER) if answered else erro("307", "PReq")
    again = [entry("PReq", timedelta(hours=after), YET_ANOTHER, **changes), {**answer, "transaction_id": YET_ANOTHER}]
    prepared = [entry("PReq", of=ANOTHER), entry("PRes", of=ANOTHER)]
    assert between(prepared, [areq, RANGE_WITHOUT], again) == (["preq-stale"] if convicted else [])


def test_a_purchase_that_was_answered_and_is_asked_again_is_a_warning():
    def asked(number, **changes):
        one = f"00000000-0000-4000-8000-{number:012}"
        answer = {"transStatus": "N", "acsURL": None, "facts": {}} | changes
        return [entry("AReq", timedelta(seconds=number), one, threeDSCompInd="N"), entry("ARes", of=one, **answer)]

    assert between(asked(1), asked(2), asked(3)) == ["purchase-retried"]
    assert between(asked(1), asked(2), asked(99)) == []
    assert between(*(asked(n, transStatus="Y") for n in (1, 2, 3))) == []


def test_what_can_be_seen_of_an_mpi():
    reused = [entry("PAReq", acctID="a"), entry("PARes"), entry("PAReq", acctID="a")]
    assert rules(*reused) == ["pareq-reused"]
    assert rules(*reused[:2]) == []
    assert rules(entry("Error", errorCode="3", errorDetail="Merchant.acqBIN")) == ["classic-request-refused"]
    assert rules(entry("Error", errorCode="98")) == []
    assert rules(entry("VERes", IReq={"iReqCode": "50"})) == ["classic-request-refused"]


def fault(at, sent=None, **told):
    sender = "ACS" if at.startswith("CRes") else "Directory Server"
    found = entry("fault", road=(sender, "3DS Server"), at=at, do="set", sent=sent)
    found["message"] |= told
    return found


def test_what_a_fault_caused_convicts_nobody():
    refused = erro("101", "RReq", FROM_GATEWAY, "S")
    assert rules(*CHALLENGED, entry("RReq"), fault("RReq"), refused) == []
    assert rules(entry("AReq"), fault("ARes"), erro("101", "AReq")) == []
    assert rules(*CHALLENGED, fault("CRes post"), not_taken(status=400)) == []
    assert rules(*CHALLENGED, entry("RReq"), fault("RReq"), entry("no answer")) == []
    assert rules(*CHALLENGED, fault("CRes page"), erro("203", "CReq", TO_BROWSER, "A")) == []


@pytest.mark.parametrize(
    ("status", "fields", "convicted"),
    [
        (403, ["cres"], False),
        (403, ["cres", "threeDSSessionData"], True),
        (404, ["cres"], True),
        (500, ["cres"], True),
    ],
)
def test_a_form_without_session_data_may_be_refused_for_that(status, fields, convicted):
    found = rules(*CHALLENGED, not_taken(status=status, fields=fields))
    assert found == (["notification-unanswered"] if convicted else [])


def not_taken(**changes):
    return entry("CRes not taken", road=("Browser", "3DS Server"), **changes)


@pytest.mark.parametrize("broken_off", ["reset", "refuse", "truncate"])
def test_of_a_result_that_was_sent_once_more_either_form_may_have_been_taken(broken_off):
    spoilt = fault("RReq", entry("RReq", acsTransID=ANOTHER)["message"])
    again = fault("RReq", do=broken_off)
    assert "wrong-result-taken" in rules(*CHALLENGED, entry("RReq"), spoilt, entry("RRes"))
    assert rules(*CHALLENGED, entry("RReq"), spoilt, again, entry("RRes"), entry("CRes")) == []
    crossed = [
        *CHALLENGED,
        entry("RReq"),
        fault("RReq", entry("RReq", **REFUSED)["message"]),
        again,
        entry("RRes"),
        entry("CRes"),
    ]
    for outcome, status in (("accepted", "Y"), ("refused", "N")):
        assert rules(*crossed, entry("outcome", outcome=outcome, transStatus=status)) == []
    second = erro("312", "RReq", FROM_GATEWAY, "S")
    assert rules(*(second if one["kind"] == "RRes" else one for one in crossed)) == []


TOO_LATE = erro("402", "RReq", FROM_GATEWAY, "S")
ACCEPTED = entry("outcome", outcome="accepted", transStatus="Y")
BROUGHT = (*CHALLENGED, entry("CRes"))
LATE = entry("RReq", timedelta(minutes=1))
SPOILT = (*CHALLENGED, fault("CReq post", do="rename"), erro("203", "CReq", TO_BROWSER, "A"))
BROKEN = fault("RReq", do="truncate")
LOST = (entry("RReq"), fault("RReq", do="silence"), entry("no answer"))


@pytest.mark.parametrize(
    ("crossed", "expected"),
    [
        ((*BROUGHT, LATE, TOO_LATE), []),
        ((*BROUGHT, entry("RReq"), TOO_LATE), ["erro-for-right-message"]),
        ((*SPOILT, LATE, TOO_LATE), []),
        ((*SPOILT, entry("RReq"), TOO_LATE), ["erro-for-right-message"]),
        ((*BROUGHT, *LOST, erro("402", "RReq"), entry("RReq"), TOO_LATE), []),
        ((*BROUGHT, *LOST, entry("RReq"), TOO_LATE), ["erro-for-right-message"]),
        ((*BROUGHT, entry("RReq"), fault("RReq", do="erro"), erro("101", "Erro")), []),
        ((*BROUGHT, entry("RReq"), fault("RReq", do="delay"), entry("RRes", took_ms=2500.0)), []),
        ((*BROUGHT, entry("RReq"), entry("RRes", took_ms=2500.0)), ["results-late"]),
        ((*BROUGHT, entry("RReq"), entry("no answer"), ACCEPTED), ["results-unanswered"]),
        ((*BROUGHT, entry("RReq"), fault("RReq", do="reset"), entry("connection failed"), ACCEPTED), []),
        ((*BROUGHT, entry("RReq"), BROKEN, fault("RReq", do="reset"), entry("connection failed"), ACCEPTED), []),
        ((*BROUGHT, entry("RReq"), BROKEN, BROKEN, entry("connection failed"), ACCEPTED), ["result-from-cres"]),
        ((*BROUGHT, entry("RReq", **REFUSED), fault("RReq", entry("RReq")["message"]), entry("RRes"), ACCEPTED), []),
    ],
    ids=[
        *(
            "402 for a late result",
            "402 for one in time",
            "402 for a late result where the browser came back with an Erro",
            "402 for one in time then",
            "402 for one that the directory server had given up",
            "402 for one that nobody had given up",
            "an Erro in its place",
            "held back by a fault",
            "held back by nobody",
        ),
        *(
            "it arrived, and no RRes did",
            "it arrived, and was reset",
            "broken off, and then reset",
            "broken off twice",
            "as it was sent, and not as it was meant",
        ),
    ],
)
def test_a_result_is_judged_as_it_came(crossed, expected):
    assert rules(*crossed) == expected


def test_what_need_not_be_in_a_message_need_not_be_read():
    def taken(**changes):
        sent = fault("ARes", entry("ARes", **changes)["message"])
        return rules(*CHALLENGED[:2], sent, *CHALLENGED[2:], entry("RReq"), entry("RRes"), entry("CRes"))

    assert [taken(broadInfo="zz"), taken(whiteListStatus="zz"), taken(cardholderInfo=7)] == [[], [], []]
    assert taken(acsReferenceNumber=None) == taken(eci="zzz") == ["wrong-response-taken"]


def test_a_message_that_a_fault_changed_is_judged_as_it_was_sent():
    swapped = fault("RReq", entry("RReq", acsTransID=ANOTHER)["message"])
    assert rules(*CHALLENGED, entry("RReq"), swapped, entry("RRes"), entry("CRes")) == ["wrong-result-taken"]
    told = entry("outcome", outcome="accepted")
    crossed = (*CHALLENGED, entry("RReq", **REFUSED), entry("RRes"), entry("CRes", transStatus="N"))
    assert rules(*crossed, told) == ["result-not-followed"]
    assert rules(*crossed, fault("CRes page", {"transStatus": "Y"}), told) == ["result-from-cres"]


ANOTHERS = {**entry("RReq")["message"], **dict.fromkeys(IDS, ANOTHER)}


def test_a_result_with_all_identifiers_of_another_transaction_is_taken_there_and_blamed_on_nobody():
    went = fault("RReq", ANOTHERS, **{"as": ANOTHER})
    assert rules(*CHALLENGED, entry("RReq"), went, entry("RRes", threeDSServerTransID=ANOTHER), entry("CRes")) == []
    told = entry("outcome", outcome="accepted")
    assert rules(*CHALLENGED, entry("RReq"), went, entry("RRes"), told) == ["result-not-followed"]


def test_an_erro_convicts_nobody_where_the_result_came_once_more_and_said_otherwise():
    broken = entry("fault", road=("Directory Server", "3DS Server"), at="RReq", do="reset")
    otherwise, refused = fault("RReq", entry("RReq", **REFUSED)["message"]), erro("305", "RReq", FROM_GATEWAY, "S")
    assert rules(*CHALLENGED, entry("RReq"), otherwise, refused) == ["erro-for-right-message"]
    assert rules(*CHALLENGED, entry("RReq"), broken, otherwise, refused) == []


def test_a_result_of_another_transaction_that_came_for_this_one_explains_what_follows():
    came = fault("RReq", entry("RReq")["message"], of=ANOTHER)
    told, refused = entry("outcome", outcome="accepted"), erro("305", "RReq", FROM_GATEWAY, "S")
    assert rules(*CHALLENGED, came, entry("RReq", **REFUSED), refused, told) == []
    assert rules(*CHALLENGED, entry("RReq", **REFUSED), refused, told) == [
        "result-not-followed",
        "erro-for-right-message",
    ]


def test_every_rule_says_what_is_wrong_and_what_to_do():
    assert len({rule.name for rule in ALL_RULES}) == len(ALL_RULES)
    for rule in ALL_RULES:
        assert rule.clause, rule.name
        assert rule.severity is Severity.GOOD or (rule.mistake and rule.remedy), rule.name


def test_hostile_entries_bend_no_rule():
    strange = {"messageVersion": 7, "transStatus": [], "threeDSServerTransID": None, "errorCode": {}, "IReq": "no"}
    crossed = [entry(kind, **strange) for kind in ("AReq", "ARes", "CReq", "CRes", "RReq", "RRes", "VERes", "Error")]
    assert isinstance(of_all([verdict_on(crossed), verdict_on([])], Severity.GOOD), list)


def test_a_frame_that_may_not_ask_for_a_passkey_is_found():
    asked = (*CHALLENGED, entry("passkey", road=("Browser", "ACS"), outcome="not permitted", words="SecurityError"))
    assert "frame-without-permission" in rules(*asked)
    assert "payment *; publickey-credentials-get *" in str(of_transaction(asked)[0].evidence)
    declined = (*CHALLENGED, entry("passkey", road=("Browser", "ACS"), outcome="cancelled", words="NotAllowedError"))
    assert "frame-without-permission" not in rules(*declined)


def test_a_second_areq_that_confirms_another_payment_is_found():
    told = {"threeDSReqAuthMethod": "09", "threeDSReqAuthData": {"id": "x"}}
    second = entry("AReq", messageVersion="2.3.1", threeDSRequestorAuthenticationInfo=[told])
    refused = entry(
        "passkey", road=("Browser", "ACS"), outcome="chosen", accepted=False, words="amount: '1.00', not '42.00'"
    )
    assert "confirmation-refused" in rules(second, refused, entry("ARes"))
    taken = entry("passkey", road=("Browser", "ACS"), outcome="chosen", accepted=True, words="")
    assert "confirmation-refused" not in rules(second, taken, entry("ARes"))
    assert "confirmation-refused" not in rules(*CHALLENGED, refused)
