"""`--tls`: a gateway with a minted certificate, one without, and a browser that trusts the authority."""

import http.client
import json
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
import warnings

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.support.browser import ACTION_MILLISECONDS, running_chromium
from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import simulator
from tests.support.third_party import answer, from_base64url, get_json, post, post_form, post_json, three_ds_server


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "acs_sim", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def sim(folder):
    with simulator("--tls", "--data", str(folder / "data")) as running:
        yield running


@pytest.fixture(scope="module")
def trusting(sim, folder):
    """A client that trusts what the desk hands out, and has nothing to show."""
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(f"{sim.desk}/api/ca.pem", context=unverified) as handed_out:
        pem = handed_out.read().decode()
    assert pem == (folder / "data" / "tls" / "ca.pem").read_text()
    return ssl.create_default_context(cadata=pem)


@pytest.fixture(scope="module")
def minted(sim, folder):
    """The files of `acs-sim pki issue gateway`."""
    done = command("pki", "issue", "gateway", "--data", folder / "data", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(folder / "gateway.pem"), str(folder / "gateway.key")]
    return folder / "gateway.pem", folder / "gateway.key"


@pytest.fixture(scope="module")
def showing(sim, folder, trusting, minted):
    context = ssl.create_default_context(cafile=str(folder / "data" / "tls" / "ca.pem"))
    context.load_cert_chain(*minted)
    return context


@pytest.fixture(scope="module")
def gateway(folder, minted, trusting):
    """Serves its RReq address with the minted certificate, and lets in only those who show one of the same authority."""
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "data" / "tls" / "ca.pem"))
    serves.verify_mode = ssl.CERT_OPTIONAL  # browsers meet the same port
    serves.load_cert_chain(*minted)
    with three_ds_server(serves, trusting) as running:
        yield running


def test_a_gateway_with_a_minted_certificate_does_the_whole_challenge(sim, gateway, showing, trusting):
    card = post_json(f"{sim.desk}/api/cards", {"scheme": "visa", "scenario": "challenge-otp"}, trusting)
    ares = post_json(f"{sim.directory_server}/visa/3ds2", gateway.areq(card["pan"]), showing)
    assert (ares["messageType"], ares["transStatus"]) == ("ARes", "C")
    assert ares["acsURL"].startswith(sim.acs + "/")
    page = gateway.open_challenge(ares)
    assert page.action.startswith(sim.acs + "/")
    number = urllib.parse.quote(card["phone"])
    text = get_json(f"{sim.phone}/api/phones/{number}/latest?wait=60", trusting)
    over = answer(page, text["code"], tls=trusting)
    rreq = gateway.results.get(timeout=PATIENCE_SECONDS)
    assert (rreq["messageType"], rreq["transStatus"]) == ("RReq", "Y")
    assert set(gateway.certified) == {"acs-sim Directory server"}
    gateway.heard_only(rreq)
    assert over.action == gateway.url + "/notification"
    post_form(over.action, over.fields, trusting)
    assert from_base64url(gateway.notifications.get(timeout=PATIENCE_SECONDS)["cres"])["transStatus"] == "Y"


@pytest.mark.parametrize("path", ["/visa/3ds2", "/visa/3ds1"])
def test_a_gateway_without_a_certificate_is_refused_and_told_why(sim, gateway, trusting, path):
    status, body = post(sim.directory_server + path, b"{}", "application/json", trusting)
    assert status == 403
    assert json.loads(body)["detail"] == "a client certificate is needed here: `acs-sim pki issue NAME` mints one"


@pytest.mark.parametrize("path", ["/3ds2/areq", "/3ds1/vereq"])
def test_the_acs_demands_one_of_the_directory_server(sim, trusting, path):
    assert post(sim.acs + path, b"{}", "application/json", trusting)[0] == 403


def test_the_gateways_results_address_demands_one_of_the_directory_server(sim, trusting):
    assert post(sim.gateway + "/3ds2/results", b"{}", "application/json", trusting)[0] == 403


def refused_at(sim, trusting):
    told = get_json(f"{sim.desk}/api/messages?kind=TLS%20refused", trusting)["messages"]
    return [(one["to"], one["message"]["error"]) for one in told]


def test_every_refused_connection_is_explained_in_the_journal(sim, gateway, trusting, folder):
    stray = ssl.create_default_context(cafile=str(folder / "data" / "tls" / "ca.pem"))
    done = command("pki", "issue", "stray", "--data", folder / "other", "--out", folder)
    assert done.returncode == 0, done.stderr
    stray.load_cert_chain(folder / "stray.pem", folder / "stray.key")
    for url, context in (
        (sim.directory_server + "/visa/3ds2", stray),
        (sim.acs + "/healthz", ssl.create_default_context()),
        (sim.phone.replace("https:", "http:") + "/healthz", None),
        (sim.gateway + "/3ds2/results", trusting),
    ):
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(url, data=b"{}", context=context, timeout=PATIENCE_SECONDS)
    told = dict(refused_at(sim, trusting))
    assert told["directory server"].startswith("the caller's certificate is not accepted")
    assert "does not trust the simulator's authority" in told["acs"]
    assert told["phone"] == "plain HTTP was spoken to a port that serves HTTPS"
    assert told["gateway"] == "a client certificate is needed here: `acs-sim pki issue NAME` mints one"


def test_tls_1_1_is_not_spoken(sim, trusting, folder):
    old = ssl.create_default_context(cafile=str(folder / "data" / "tls" / "ca.pem"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError, match=r"(?i)ssl|tls|alert|protocol"):
        urllib.request.urlopen(sim.phone + "/healthz", context=old, timeout=PATIENCE_SECONDS)
    assert any("TLS 1.2 is the least" in why for _, why in refused_at(sim, trusting))


def test_the_reference_gateway_pays_over_tls(sim, trusting):
    card = post_json(f"{sim.desk}/api/cards", {"scheme": "visa", "scenario": "frictionless"}, trusting)
    bought = post_json(
        f"{sim.gateway}/api/purchases", {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200}, trusting
    )
    assert bought["result"] == "accepted", bought


def test_the_headless_cardholder_and_the_commands_work_over_tls(sim, folder, trusting, gateway, showing):
    card = post_json(f"{sim.desk}/api/cards", {"scheme": "visa", "scenario": "challenge-otp"}, trusting)
    ares = post_json(f"{sim.directory_server}/visa/3ds2", gateway.areq(card["pan"]), showing)
    act = f"{sim.desk}/api/transactions/{ares['acsTransID']}/cardholder"
    assert post_json(act, {"do": "submit", "code": "correct"}, trusting)["transStatus"] == "Y"
    settings = folder / "acs-sim.toml"
    settings.write_text(f'tls = true\ndata = "{folder}/data"\nport-base = {sim.base}\n')
    waited = command("phone", "wait", card["phone"], "--config", settings)
    assert (waited.returncode, len(waited.stdout.strip())) == (0, 6), waited.stderr
    played = command("run", "fixtures/scenarios/frictionless.yaml", "--running", "--config", settings, "-k", "visa")
    assert played.returncode == 0, played.stdout + played.stderr


def test_a_browser_that_trusts_the_authority_shows_no_warning(sim, folder, trusting, tmp_path):
    database = tmp_path / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (
        ("-N", "--empty-password"),
        ("-A", "-t", "C,,", "-n", "acs-sim", "-i", str(folder / "data" / "tls" / "ca.pem")),
    ):
        subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True, capture_output=True)
    card = post_json(f"{sim.desk}/api/cards", {"scheme": "visa", "scenario": "challenge-otp"}, trusting)
    with running_chromium(home=tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(address)
        page = browser.new_context().new_page()
        page.set_default_timeout(ACTION_MILLISECONDS)
        opened = page.goto(sim.gateway + "/shops/monetico?lang=en")
        assert opened is not None
        security = opened.security_details()
        assert security is not None
        assert security["issuer"].startswith("acs-sim test authority")
        assert security["protocol"] in {"TLS 1.2", "TLS 1.3"}
        assert page.evaluate("isSecureContext")
        page.click("#checkout")
        for field, value in (("#card-number", card["pan"]), ("#expiry", "12/30"), ("#cryptogram", "123")):
            page.fill(field, value)
        page.click("#pay")
        challenge = page.frame_locator("#challenge")
        challenge.locator("#code").wait_for()
        number = urllib.parse.quote(card["phone"])
        challenge.locator("#code").fill(get_json(f"{sim.phone}/api/phones/{number}/latest?wait=60", trusting)["code"])
        challenge.locator("#submit").click()
        page.locator("#result").wait_for()
        assert page.locator("#result").get_attribute("data-result") == "accepted"
        browser.close()


def test_a_browser_that_does_not_trust_it_is_stopped(sim, tmp_path):
    with running_chromium(home=tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(address)
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.new_context().new_page().goto(sim.acs + "/healthz")
        browser.close()
