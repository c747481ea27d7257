"""2.3.1 at the ACS: the same challenge in the words of the newer version, and what only it can say."""

import pytest

from tests.acs.stage import base64url, stage
from threedsecure.v2.validation.checking import Context, Leg, check


def context(leg, areq, ares):
    return Context("2.3.1", leg=leg, request=areq, response=ares)


async def test_a_challenge_in_2_3_1_tells_its_methods_as_a_list(acs):
    areq = acs.areq(version="2.3.1")
    ares = (await acs.post_areq(areq))[1]
    assert (ares["transStatus"], ares["authenticationMethod"], "authenticationType" in ares) == ("C", ["02"], False)
    shown = await acs.open(ares)
    over = await acs.type(shown, acs.phone.code)
    [rreq] = acs.directory.rreqs
    assert (rreq["transStatus"], rreq["authenticationMethod"], "authenticationType" in rreq) == ("Y", ["02"], False)
    check(ares, context(Leg.ACS_TO_DS, areq, None))
    check(rreq, context(Leg.ACS_TO_DS, areq, ares))
    check(over.cres, context(Leg.FROM_ACS, areq, ares))


async def test_a_creq_that_is_wrong_is_reported_with_the_erro_that_answered_it(acs):
    areq = acs.areq(version="2.3.1")
    ares = (await acs.post_areq(areq))[1]
    shown = await acs.open(ares, challengeWindowSize="99")
    erro = shown.cres
    [rreq] = acs.directory.rreqs
    assert (erro["messageType"], erro["errorCode"], erro["errorDetail"]) == ("Erro", "203", "challengeWindowSize")
    assert (rreq["transStatus"], rreq["challengeCancel"], rreq["challengeErrorReporting"]) == ("U", "10", erro)
    check(rreq, context(Leg.ACS_TO_DS, areq, ares))


@pytest.mark.parametrize(("version", "cancel"), [("2.1.0", "06"), ("2.2.0", "06")])
async def test_before_2_3_1_the_erro_is_not_passed_on(acs, version, cancel):
    ares = await acs.ask(version=version)
    await acs.open(ares, challengeWindowSize="99")
    [rreq] = acs.directory.rreqs
    assert (rreq["challengeCancel"], "challengeErrorReporting" in rreq) == (cancel, False)


@pytest.mark.parametrize(("version", "code"), [("2.2.0", "305"), ("2.3.1", "315")])
async def test_a_creq_after_the_result_has_a_code_of_its_own(acs, version, code):
    ares = await acs.ask(version=version)
    shown = await acs.open(ares)
    await acs.type(shown, acs.phone.code)
    again = await acs.post(acs.url + "/3ds2/challenge", {"creq": base64url(acs.creq(ares))})
    assert again.cres["errorCode"] == code


@pytest.mark.parametrize(("version", "code"), [("2.2.0", "402"), ("2.3.1", "315")])
async def test_a_creq_that_comes_too_late_is_told_so(acs, version, code):
    ares = await acs.ask(version=version)
    acs.runtime.clock.advance(acs.settings.timers.first_creq)
    await acs.until(ares["acsTransID"], "reported")
    assert (await acs.open(ares)).cres["errorCode"] == code


@pytest.mark.parametrize(("version", "code"), [("2.2.0", None), ("2.3.1", "314")])
async def test_a_second_creq_can_be_refused_which_has_a_code_in_2_3_1(version, code):
    async with stage(repeated_creq="refused") as acs:
        ares = await acs.ask(version=version)
        first = await acs.open(ares)
        again = await acs.open(ares)
        assert "page" in first.form.fields
        assert (again.cres["errorCode"] if "cres" in again.form.fields else None) == code
