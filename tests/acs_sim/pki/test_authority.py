"""What the authority issues, judged by the path validation of `cryptography` (written against RFC 5280) and by OpenSSL."""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from acs_sim.running.data.data_folder import FolderUnusable
from acs_sim.running.pki.authority import LOCAL_HOSTS, Authority
from acs_sim.running.pki.connections import client_context, server_context
from acs_sim.running.pki.folder import authority_in, certificate_file
from acs_sim.running.pki.issuing import CannotIssue, issue_files
from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.pki.handshakes import handshake
from tests.support.ports import with_free_ports

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
AUTHORITY = Authority.create(NOW)
OTHER = Authority.create(NOW)


def policy(authority, at=NOW):
    return PolicyBuilder().store(Store([authority.certificate])).time(at)


@pytest.mark.parametrize("host", ["localhost", "shop.localhost", "gateway.test"])
def test_a_party_is_believed_under_its_names(host):
    issued = AUTHORITY.issue("gateway", [*LOCAL_HOSTS, "gateway.test"], NOW)
    verifier = policy(AUTHORITY).build_server_verifier(x509.DNSName(host))
    assert verifier.verify(issued.certificate, []) == [issued.certificate, AUTHORITY.certificate]


def test_a_party_is_believed_as_a_client():
    issued = AUTHORITY.issue("gateway", LOCAL_HOSTS, NOW)
    assert policy(AUTHORITY).build_client_verifier().verify(issued.certificate, []).subjects


@pytest.mark.parametrize(
    ("authority", "host", "at"),
    [
        (OTHER, "localhost", NOW),
        (AUTHORITY, "elsewhere.example", NOW),
        (AUTHORITY, "localhost", NOW + timedelta(days=398)),
        (AUTHORITY, "localhost", NOW - timedelta(hours=2)),
    ],
)
def test_another_root_name_or_time_is_not_believed(authority, host, at):
    issued = AUTHORITY.issue("gateway", LOCAL_HOSTS, NOW)
    with pytest.raises(VerificationError):
        policy(authority, at).build_server_verifier(x509.DNSName(host)).verify(issued.certificate, [])


def test_key_usage_and_lifetimes_are_those_of_the_rfc():
    issued = AUTHORITY.issue("gateway", LOCAL_HOSTS, NOW).certificate
    usage = issued.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    purposes = set(issued.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert issued.not_valid_after_utc - issued.not_valid_before_utc <= timedelta(days=397)
    root = AUTHORITY.certificate
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert root.subject != OTHER.certificate.subject


@pytest.mark.parametrize("name", ["", "x" * 65, "line\nbreak"])
def test_a_name_that_no_certificate_can_carry_is_refused(name):
    with pytest.raises(ValueError, match="printable"):
        AUTHORITY.issue(name, LOCAL_HOSTS, NOW)


def test_the_authority_is_made_once_and_only_its_certificate_is_for_others(tmp_path):
    first, second = authority_in(tmp_path), authority_in(tmp_path)
    assert first.certificate == second.certificate
    assert certificate_file(tmp_path).read_bytes() == first.certificate_pem
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "tls").iterdir()}
    assert modes["authority.pem"] == 0
    assert set(modes) == {"authority.pem", "ca.pem"}


@pytest.mark.parametrize("content", [b"", b"no PEM", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_spoilt_authority_is_named(tmp_path, content):
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "authority.pem").write_bytes(content)
    with pytest.raises(FolderUnusable, match=r"authority\.pem is no authority of this simulator"):
        authority_in(tmp_path)


async def issued_beside(settings, data, out):
    return await asyncio.to_thread(issue_files, data, "gateway", (), out, None, settings.addresses.desk)


@pytest.mark.parametrize("keeps", [True, False], ids=["data", "fresh"])
async def test_no_second_authority_is_made_beside_a_running_one(tmp_path, keeps):
    running = Settings(tls=True, fresh=not keeps, data=str(tmp_path / "data"), only=("desk",))
    async with running_stack(with_free_ports(running)) as stack:
        with pytest.raises(CannotIssue, match="has another authority"):
            await issued_beside(stack.settings, tmp_path / "elsewhere", tmp_path)
        assert not (tmp_path / "elsewhere").exists()
        if keeps:
            chain, _ = await issued_beside(stack.settings, tmp_path / "data", tmp_path)
            assert (tmp_path / "data" / "tls" / "ca.pem").read_text() in chain.read_text()


async def test_a_simulator_without_tls_has_no_authority_that_would_be_another_one(tmp_path):
    async with running_stack(with_free_ports(Settings(fresh=True, only=("desk",)))) as stack:
        assert len(await issued_beside(stack.settings, tmp_path / "data", tmp_path)) == 2


def test_issued_files_are_what_clients_and_key_stores_read(tmp_path):
    chain, key, store = issue_files(tmp_path / "data", "my gateway", (), tmp_path / "out", "secret")
    assert [path.name for path in (chain, key, store)] == ["my gateway.pem", "my gateway.key", "my gateway.p12"]
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(store.stat().st_mode) == 0o600
    ssl.create_default_context().load_cert_chain(chain, key)
    loaded = pkcs12.load_pkcs12(store.read_bytes(), b"secret")
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    assert loaded.cert is not None
    assert loaded.cert.certificate == certificate
    assert load_pem_private_key(key.read_bytes(), None).public_key() == certificate.public_key()
    policy(authority_in(tmp_path / "data"), datetime.now(UTC)).build_server_verifier(x509.DNSName("localhost")).verify(
        certificate, []
    )


def test_hosts_replace_the_local_ones(tmp_path):
    chain, _ = issue_files(tmp_path, "gateway", ("gateway.test", "192.0.2.7"), tmp_path)
    names = x509.load_pem_x509_certificate(chain.read_bytes()).extensions
    names = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gateway.test"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]


def test_nothing_is_overwritten(tmp_path):
    issue_files(tmp_path, "gateway", (), tmp_path)
    before = (tmp_path / "gateway.key").read_bytes()
    with pytest.raises(CannotIssue, match=r"gateway\.pem exists already"):
        issue_files(tmp_path, "gateway", (), tmp_path)
    assert (tmp_path / "gateway.key").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../gateway", ".hidden", "a/b", "é"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path, name):
    with pytest.raises(CannotIssue, match="cannot name a file"):
        issue_files(tmp_path, name, (), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_no_certificate_can_carry_is_refused(tmp_path):
    with pytest.raises(CannotIssue):
        issue_files(tmp_path, "gateway", ("bücher.example",), tmp_path)
    assert not (tmp_path / "gateway.pem").exists()


@pytest.mark.parametrize(
    ("client", "host", "words"),
    [
        (client_context(AUTHORITY), "localhost", None),
        (client_context(AUTHORITY, AUTHORITY.issue("gateway", LOCAL_HOSTS, datetime.now(UTC))), "localhost", None),
        (ssl.create_default_context(), "localhost", "does not trust the simulator's authority"),
        (client_context(AUTHORITY), "elsewhere.example", "check the host name"),
    ],
)
def test_a_refused_handshake_is_told_in_words(client, host, words):
    heard: list[str] = []
    shown = AUTHORITY.issue("acs", LOCAL_HOSTS, datetime.now(UTC))
    errors = handshake(client, server_context(shown, AUTHORITY, heard.append), host)
    if words is None:
        assert (errors, heard) == ([], [])
    else:
        assert len(heard) == 1
        assert words in heard[0]


def test_a_certificate_of_another_authority_is_refused_and_told():
    heard: list[str] = []
    stranger = OTHER.issue("gateway", LOCAL_HOSTS, datetime.now(UTC))
    shown = AUTHORITY.issue("acs", LOCAL_HOSTS, datetime.now(UTC))
    assert handshake(client_context(AUTHORITY, stranger), server_context(shown, AUTHORITY, heard.append))
    assert len(heard) == 1
    assert heard[0].startswith("the caller's certificate is not accepted")
