"""The edges of the challenge's own addresses: what is no form, what was not written here, and what is no longer known."""

import json

import pytest

from tests.acs.app_stage import begin, post
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

OUT_OF_BAND = compose("visa", SCENARIOS["challenge-oob"])
UNKNOWN = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"


async def posted(acs, url, fields=None, document=None):
    async with acs.browser.post(url, data=fields, json=document) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text


@pytest.mark.parametrize("path", ["/3ds2/challenge", None])
async def test_what_is_no_form_is_told_so(acs, path):
    page = await acs.challenge()
    status, text = await posted(acs, acs.url + path if path else page.form.action, document={"creq": "e30"})
    assert status == 415
    assert "application/x-www-form-urlencoded" in text


def token(acs, page=1, name=UNKNOWN):
    return f"{page}.{acs.runtime.vault.token('page', name, str(page))}"


async def test_a_page_of_a_transaction_that_was_forgotten_is_404_and_there_is_nothing_to_wait_for(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    await acs.control("reset")
    shown = await acs.type(page, "000000")
    assert (shown.status, "acsTransID is not known here" in shown.text) == (404, True)
    fields = {"acsTransID": ares["acsTransID"], "page": page.form.fields["page"]}
    assert await posted(acs, acs.url + "/3ds2/challenge/state", fields) == (200, {"over": True})
    fields["page"] = fields["page"][:-1] + ("A" if fields["page"][-1] != "A" else "B")
    assert (await posted(acs, acs.url + "/3ds2/challenge/state", fields))[0] == 403


async def test_a_page_that_was_never_shown_cannot_be_posted(acs):
    page = await acs.challenge()
    ares = await acs.ask()
    name = ares["acsTransID"]
    fields = page.form.fields | {"acsTransID": name, "page": token(acs, name=name), "action": "submit"}
    shown = await acs.post(page.form.action, fields | {"challengeValue": "000000"})
    assert (shown.status, "page posted for a transaction that is creq awaited" in shown.text) == (409, True)
    assert (await acs.transaction(name))["state"] == "creq-awaited"


async def test_what_the_banking_app_cannot_have_decided_is_refused(acs):
    ares = await acs.ask(OUT_OF_BAND)
    await acs.open(ares)
    assert (await acs.decide("perhaps"))[0] == 400
    callback = acs.phone.prompts[-1]["callback"]
    told = {"decision": "approve"}
    assert (await posted(acs, callback[:-1] + ("A" if callback[-1] != "A" else "B"), document=told))[0] == 403
    assert (await acs.transaction(ares["acsTransID"]))["state"] == "challenging"
    await acs.control("reset")
    assert (await posted(acs, callback, document=told))[0] == 404


@pytest.mark.parametrize("decision", ["approve", "decline"])
async def test_once_the_banking_app_has_told_there_is_nothing_to_wait_for(acs, decision):
    ares = await acs.ask(OUT_OF_BAND)
    page = await acs.open(ares)
    fields = {"acsTransID": ares["acsTransID"], "page": page.form.fields["page"]}
    assert await posted(acs, acs.url + "/3ds2/challenge/state", fields) == (200, {"over": False})
    assert (await acs.decide(decision))[1]["state"] == "decided"
    assert await posted(acs, acs.url + "/3ds2/challenge/state", fields) == (200, {"over": True})


async def test_an_erro_of_an_sdk_that_names_nobody_is_taken_without_an_answer(acs):
    sdk = await begin(acs)
    erro = {
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "errorCode": "403",
        "errorComponent": "C",
        "errorDescription": "Transient System Failure",
        "errorDetail": "x",
    }
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for name in (None, UNKNOWN):
        body = json.dumps(erro | ({"acsTransID": name} if name else {}))
        assert await post(acs, sdk, body, headers) is None
    assert (await acs.transaction(sdk.ares["acsTransID"]))["state"] == "creq-awaited"


async def test_a_creq_without_its_field_is_told_so(acs):
    shown = await acs.post(acs.url + "/3ds2/challenge", {"threeDSSessionData": "x"})
    assert (shown.status, "the form has no field creq" in shown.text) == (400, True)
