"""Certificates that are wrong on purpose, over real sockets and in every direction: shown to us by a gateway, met by our own calls,
shown by us to a gateway, whose refusal is told as well as its carelessness."""

import asyncio
import base64
import json
import re
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from acs_sim.running.pki.folder import authority_in, certificate_file
from acs_sim.running.pki.issuing import issue_files
from acs_sim.running.pki.revoked import Revoked
from acs_sim.running.pki.stack import StackTls
from acs_sim.running.stack import running_stack
from acs_sim.settings.certificates import ROLES, WRONG
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port, with_free_ports
from threedsecure.errors import PeerUnreachable
from threedsecure.web.calling.transport import HttpTransport

SHOWN_TO_US = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "revoked": "certificate revoked",
    "wrong-name": None,  # who calls is not held against the addresses it is called at
    "wrong-usage": "unsuitable certificate purpose",
    "incomplete-chain": "unable to get local issuer certificate",
    "issuer-is-no-authority": "invalid CA certificate",
    "other-authority": "self-signed certificate in certificate chain",
    "weak-key": "EE certificate key too weak",
}
"""Why our ports refuse what a gateway shows."""
MET_BY_US = {**SHOWN_TO_US, "wrong-name": "Hostname mismatch"}
"""Why our calls refuse what a gateway serves."""
DOORS = {
    ("ds", "/visa/3ds2"): {"3ds-server", "acs"},
    ("ds", "/visa/3ds1"): {"3ds-server"},
    ("acs", "/3ds2/areq"): {"ds"},
    ("acs", "/3ds1/vereq"): {"ds"},
    ("shop", "/3ds2/results"): {"ds"},
}
EXPLAINED = Path("docs/tls.md").read_text("utf-8")


@dataclass
class Told:
    """Who hears of handshakes at a port."""

    refused: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def refused_handshake(self, why):
        self.refused.append(why)

    def accepted_handshake(self, why):
        self.accepted.append(why)


class Lab:
    """A simulator over TLS, and a gateway with certificates of its authority."""

    def __init__(self, stack, folder):
        self.stack, self.data, self.folder = stack, folder / "data", folder
        self.tls = stack.tls

    def minted(self, name, **wish):
        """The files of one that `acs-sim pki issue` mints, the same at every call."""
        if not (self.folder / f"{name}.pem").exists():
            issue_files(self.data, name, ("localhost", "127.0.0.1"), self.folder, **wish)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def showing(self, *files):
        context = ssl.create_default_context(cafile=str(certificate_file(self.data)))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(*files)
        return context

    def serving(self, *files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(*files)
        return context


@pytest.fixture(scope="module")
async def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    revocation = f"http://127.0.0.1:{free_port()}"
    settings = Settings(tls=True, data=str(folder / "data"), tls_revocation=revocation)
    async with running_stack(with_free_ports(settings)) as stack:
        yield Lab(stack, folder)


async def posted(url, context, body=b"{}"):
    """The status and the text of an answer; None where there was no handshake."""
    headers = {"Content-Type": "application/json"}
    async with asyncio.timeout(PATIENCE_SECONDS), aiohttp.ClientSession() as session:
        try:
            async with session.post(url, data=body, ssl=context, headers=headers) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return None


@pytest.mark.parametrize("kind", WRONG)
async def test_a_gateways_wrong_certificate_is_refused_and_the_journal_says_why(lab, kind):
    files = lab.minted(kind, wrong=kind)
    journal = lab.stack.runtime.journal
    async with asyncio.timeout(PATIENCE_SECONDS), journal.subscribed() as written:
        answered = await posted(lab.stack.addresses.ds + "/visa/3ds2", lab.showing(*files))
        told = await written.get()
    if SHOWN_TO_US[kind] is None:
        assert "Erro" in answered[1]
        assert told["kind"] != "TLS refused"
        return
    assert answered is None
    assert (told["to"], told["kind"]) == ("directory server", "TLS refused")
    assert told["message"]["error"] == f"the caller's certificate is not accepted: {SHOWN_TO_US[kind]}"


async def test_a_flood_of_handshakes_that_fail_is_no_flood_of_lines(lab):
    port = int(lab.stack.addresses.phone.rpartition(":")[2])
    for _ in range(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"this is no TLS at all\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
    told = [entry for entry in await lab.stack.runtime.journal.newest(300) if entry["to"] == "phone"]
    assert 1 <= len(told) <= 20


@asynccontextmanager
async def gateway(context):
    """A 3DS Server that takes RReqs: its address."""

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/3ds2/results"


async def called(url, context):
    async with HttpTransport.session(context) as session:
        return (await HttpTransport(session).post(url, b"{}", timeout=PATIENCE_SECONDS)).body


@pytest.mark.parametrize("kind", WRONG)
async def test_what_the_directory_server_calls_is_refused_with_a_wrong_certificate(lab, kind):
    async with gateway(lab.serving(*lab.minted(kind, wrong=kind))) as url:
        with pytest.raises(PeerUnreachable, match=MET_BY_US[kind]):
            await called(url, lab.tls.calling("ds").calling)


async def test_what_the_directory_server_calls_is_believed_with_a_right_one(lab):
    async with gateway(lab.serving(*lab.minted("right"))) as url:
        assert await called(url, lab.tls.calling("ds").calling) == b"ok"


def showing_wrongly(lab, kind):
    """The TLS of a simulator whose directory server shows a wrong certificate."""
    return StackTls(Settings(tls=True, data=str(lab.data), only=("ds",), tls_wrong=(f"ds={kind}",)))


def careful(lab, **more):
    """As a gateway ought to be: it asks whether a certificate is revoked, too."""
    context = ssl.create_default_context(**more, cafile=str(certificate_file(lab.data)))
    file = lab.folder / "crl.pem"
    revoked = Revoked(lab.data / "tls" / "revoked")
    file.write_bytes(revoked.crl(authority_in(lab.data), datetime.now(UTC)).public_bytes(Encoding.PEM))
    context.load_verify_locations(cafile=file)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


@pytest.mark.parametrize("kind", WRONG)
async def test_a_gateway_can_be_seen_to_refuse_or_to_take_what_our_directory_server_shows(lab, kind):
    told = Told()
    tls = showing_wrongly(lab, kind)
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with gateway(tls.serving("ds", told)) as url:
        with pytest.raises(PeerUnreachable):
            await called(url, careful(lab))
        assert told.accepted == []
        assert await called(url, careless) == b"ok"
    assert told.accepted == [
        f"the caller went on, and should not: the certificate it was shown is {kind}: {WRONG[kind]}"
    ]
    assert all(f"is {kind}: {WRONG[kind]}" in why for why in told.refused)


@pytest.mark.parametrize("kind", [kind for kind in WRONG if kind != "wrong-name"])
async def test_what_our_directory_server_shows_to_a_gateway_that_it_calls_can_be_wrong_too(lab, kind):
    tls = showing_wrongly(lab, kind)
    mutual = careful(lab, purpose=ssl.Purpose.CLIENT_AUTH)
    mutual.verify_mode = ssl.CERT_REQUIRED
    mutual.load_cert_chain(*lab.minted("right"))
    async with gateway(mutual) as url:
        with pytest.raises((PeerUnreachable, OSError)):
            await called(url, tls.calling("ds").calling)
        assert await called(url, lab.tls.calling("ds").calling) == b"ok"


async def test_a_simulator_starts_and_answers_with_a_wrong_certificate_and_writes_down_who_took_it(tmp_path):
    settings = with_free_ports(Settings(fresh=True, tls=True, only=("desk", "ds"), tls_wrong=("ds=expired",)))
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    async with running_stack(settings) as stack:
        assert (await posted(stack.addresses.ds + "/visa/3ds2", careless))[0] == 403
        entries = await stack.runtime.journal.newest(5)
    kinds = {entry["kind"]: entry["message"]["error"] for entry in entries}
    assert kinds["TLS accepted"].endswith("is expired: it expired yesterday")


@pytest.mark.parametrize(("party", "path"), DOORS)
async def test_a_certificate_opens_the_doors_of_its_role_and_no_others(lab, party, path):
    opened = set()
    for role in ROLES:
        status, text = await posted(lab.stack.addresses.of(party) + path, lab.showing(*lab.minted(role, role=role)))
        if status != 403:
            opened.add(role)
        else:
            assert f"the certificate of a {ROLES[role]} does not open this door" in json.loads(text)["detail"]
    assert opened == DOORS[party, path]


def question(lab, files, hashed_by):
    certificate = x509.load_pem_x509_certificate(files[0].read_bytes())
    authority = authority_in(lab.data).certificate
    built = ocsp.OCSPRequestBuilder().add_certificate(certificate, authority, hashed_by)
    nonce = x509.OCSPNonce(b"0123456789abcdef")
    return built.add_extension(nonce, critical=False).build().public_bytes(Encoding.DER)


async def asked(lab, method, path, body=None):
    async with aiohttp.ClientSession() as session:
        url = lab.stack.settings.tls_revocation + path
        async with session.request(method, url, data=body) as answer:
            assert answer.status == 200
            return await answer.read()


@pytest.mark.parametrize("hashed_by", [SHA1(), SHA256()], ids=["sha1", "sha256"])
async def test_who_asks_by_ocsp_is_told_what_is_revoked(lab, hashed_by):
    key = authority_in(lab.data).key.public_key()
    for name, wish, status in (
        ("asked-good", {}, ocsp.OCSPCertStatus.GOOD),
        ("revoked", {"wrong": "revoked"}, ocsp.OCSPCertStatus.REVOKED),
    ):
        wanted = question(lab, lab.minted(name, **wish), hashed_by)
        in_address = "/ocsp/" + base64.b64encode(wanted).decode().replace("+", "%2B")
        for said in (await asked(lab, "POST", "/ocsp", wanted), await asked(lab, "GET", in_address)):
            told = ocsp.load_der_ocsp_response(said)
            assert told.certificate_status == status
            key.verify(told.signature, told.tbs_response_bytes, ECDSA(told.signature_hash_algorithm))
            assert told.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"0123456789abcdef"
            assert told.this_update_utc < datetime.now(UTC) < told.next_update_utc


async def test_what_is_no_question_and_who_is_not_ours_are_told_so(lab, tmp_path):
    for method, path, body in (
        ("POST", "/ocsp", b""),
        ("POST", "/ocsp", b"x" * 4096),
        ("GET", "/ocsp/%21%21", None),
    ):
        told = ocsp.load_der_ocsp_response(await asked(lab, method, path, body))
        assert told.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    stranger = authority_in(tmp_path).certificate
    wanted = ocsp.OCSPRequestBuilder().add_certificate(stranger, stranger, SHA256()).build().public_bytes(Encoding.DER)
    told = ocsp.load_der_ocsp_response(await asked(lab, "POST", "/ocsp", wanted))
    assert told.certificate_status == ocsp.OCSPCertStatus.UNKNOWN


async def test_the_crl_is_where_certificates_say_and_lists_what_is_revoked(lab):
    files = lab.minted("revoked", wrong="revoked")
    base = lab.stack.settings.tls_revocation
    lab.minted("says-where", revocation=base)
    certificate = x509.load_pem_x509_certificate((lab.folder / "says-where.pem").read_bytes()).extensions
    points = certificate.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == base + "/ca.crl"
    access = certificate.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert access[0].access_location.value == base + "/ocsp"
    crl = x509.load_der_x509_crl(await asked(lab, "GET", "/ca.crl"))
    authority = authority_in(lab.data).certificate
    assert crl.is_signature_valid(authority.public_key())
    assert crl.issuer == authority.subject
    number = x509.load_pem_x509_certificate(files[0].read_bytes()).serial_number
    assert crl.get_revoked_certificate_by_serial_number(number) is not None
    assert crl.next_update_utc - datetime.now(UTC) < timedelta(hours=2)


def test_the_document_names_every_kind_and_every_door():
    assert re.findall(r"^\| `([a-z-]+)` \|", EXPLAINED.partition("## Wrong certificates")[2], re.MULTILINE) == [*WRONG]
    for kind, words in SHOWN_TO_US.items():
        assert f"| `{kind}` |" in EXPLAINED
        assert words is None or words in EXPLAINED
    for (_, path), roles in DOORS.items():
        line = next(
            line for line in EXPLAINED.splitlines() if path.replace("/visa/", "/{scheme}/") in line and "`--as" in line
        )
        assert set(re.findall(r"`--as ([a-z0-9-]+)`", line)) == roles
