"""TLS of a simulator within the test's own process: asyncio's loop, and nothing on disk."""

import asyncio
import ssl
from urllib.error import URLError
from urllib.request import urlopen

import aiohttp
import pytest

from acs_sim.running.pki.folder import certificate_file
from acs_sim.running.pki.issuing import issue_files
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.settings import Settings, SettingsError, load
from tests.acs_sim.pki.handshakes import handshake
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports


async def test_a_fresh_simulator_has_an_authority_of_its_own_and_keeps_nothing(tmp_path, world, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = with_free_ports(Settings(fresh=True, tls=True))
    async with running_stack(settings, parties=world.parties()) as stack, aiohttp.ClientSession() as session:
        assert stack.addresses.acs.startswith("https://")
        async with session.get(f"{stack.addresses.desk}/healthz", ssl=stack.calling) as answer:
            assert answer.status == 200
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            await asyncio.to_thread(urlopen, f"{stack.addresses.acs}/healthz", None, 10)
        async with stack.runtime.journal.subscribed() as written, asyncio.timeout(PATIENCE_SECONDS):
            refused = next(iter(await stack.runtime.journal.newest(1)), None) or await written.get()
    assert (refused["to"], refused["kind"]) == ("acs", "TLS refused")
    assert "does not trust the simulator's authority" in refused["message"]["error"]
    assert list(tmp_path.iterdir()) == []


async def test_without_tls_there_is_no_authority_to_hand_out(call):
    status, problem, _ = await call("GET", "/api/ca.pem")
    assert (status, problem["detail"]) == (404, "this simulator runs without TLS; start it with --tls")


async def test_more_authorities_can_be_trusted(tmp_path, world):
    missing = tmp_path / "missing.pem"
    settings = with_free_ports(Settings(fresh=True, tls=True, tls_trust=str(missing)))
    with pytest.raises(CannotStart, match=r"tls-trust: .*missing\.pem holds no certificates that can be read"):
        async with running_stack(settings, parties=world.parties()):
            pytest.fail("it started")
    other = issue_files(tmp_path / "other", "gateway", (), tmp_path)
    elsewhere = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    elsewhere.load_cert_chain(*other)
    missing.write_bytes(certificate_file(tmp_path / "other").read_bytes())
    async with running_stack(settings, parties=world.parties()) as stack, aiohttp.ClientSession() as session:
        assert stack.calling is not None
        assert handshake(stack.calling, elsewhere) == []
        async with session.get(f"{stack.addresses.desk}/healthz", ssl=stack.calling) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"tls": True, "acs_url": "http://127.0.0.1:8200"}, "acs-url: .* is no base address such as https://"),
        ({"acs_url": "https://127.0.0.1:8200"}, "acs-url: .* is no base address such as http://"),
        ({"tls_trust": "ca.pem"}, "tls-trust is for calls over TLS: give tls too"),
        ({"tls_wrong": ("ds=expired",)}, "tls-wrong is for calls over TLS: give tls too"),
        ({"tls": True, "tls_wrong": ("ds=rotten",)}, "tls-wrong: 'ds=rotten' is no PARTY=KIND: .* kinds expired, .*"),
        ({"tls": True, "only": ("acs",), "tls_wrong": ("ds=expired",)}, "is no PARTY=KIND: parties acs"),
        ({"tls": True, "tls_revocation": "https://127.0.0.1:8050"}, "is no base address such as http://"),
    ],
)
def test_addresses_and_tls_go_together(flags, words):
    with pytest.raises(SettingsError, match=words):
        load(flags, environment={})
