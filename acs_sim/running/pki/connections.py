"""TLS contexts: what a port shows and asks for, what a caller shows and trusts, and why a handshake failed, in words.

TLS 1.2 and 1.3, as EMV 3-D Secure demands of every link (Core Specification, section 6.1)."""

import secrets
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from acs_sim.running.pki.authority import Authority, Issued
from acs_sim.running.pki.revoked import Revoked

Tell = Callable[[str], None]

_IN_WORDS: Final = {
    "HTTP_REQUEST": "plain HTTP was spoken to a port that serves HTTPS",
    "WRONG_VERSION_NUMBER": "what came is no TLS",
    "UNSUPPORTED_PROTOCOL": "the caller offers nothing newer than TLS 1.1; TLS 1.2 is the least",
    "NO_SHARED_CIPHER": "the caller offers no cipher suite that the simulator has",
    "TLSV1_ALERT_UNKNOWN_CA": "the caller does not trust the simulator's authority: have it trust what /api/ca.pem of the "
    "desk gives",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the caller does not accept the simulator's certificate: have it trust what /api/ca.pem "
    "of the desk gives, and check the host name it calls",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the caller does not accept the simulator's certificate: check the host name it calls",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the caller finds the simulator's certificate expired: its clock is wrong, or the "
    "simulator has run for more than a year",
}


def server_context(
    shown: Issued,
    trusted: Authority,
    refused: Tell,
    revoked: Revoked | None = None,
    accepted: Callable[[], None] | None = None,
) -> ssl.SSLContext:
    """For a port. A client certificate is asked for and, when one is shown, must come from `trusted` and not be `revoked`; which
    endpoints insist on one is not decided here, since browsers meet the same ports. `refused` hears why a handshake failed,
    `accepted` that a caller goes on, where what is `shown` to it is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=trusted.certificate_pem.decode())
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    told = _Told(context, trusted, Revoked() if revoked is None else revoked)
    context.sslobject_class = _listening(refused, told.again, accepted)
    _show(context, shown)
    return context


def client_context(
    trusted: Authority, shown: Issued | None = None, also: Path | None = None, revoked: Revoked | None = None
) -> ssl.SSLContext:
    """For calling others: those that `trusted` vouches for and has not `revoked`, those whom the system trusts, and those in the
    PEM file `also`.

    Errors: OSError, `ssl.SSLError` for a file that cannot be read or holds no certificate."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=trusted.certificate_pem.decode())
    if also is not None:
        context.load_verify_locations(cafile=str(also))
    if revoked is not None:
        context.sslobject_class = _asking(revoked)
    if shown is not None:
        _show(context, shown)
    return context


def _show(context: ssl.SSLContext, shown: Issued) -> None:
    """The library takes key and certificate from files alone; for the moment that they exist the key in them is encrypted."""
    password = secrets.token_hex(16).encode()
    if shown.is_weak:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_bytes(shown.chain_pem)
        key.write_bytes(shown.key_pem(password))
        context.load_cert_chain(chain, key, password)


class _Told:
    """What a port was told of revoked certificates, so that one that is revoked is refused with the alert that says so."""

    def __init__(self, context: ssl.SSLContext, trusted: Authority, revoked: Revoked) -> None:
        self._context, self._trusted, self._revoked = context, trusted, revoked
        self._known: frozenset[int] | None = None

    def again(self) -> None:
        if self._known == self._revoked.numbers:
            return
        self._known = self._revoked.numbers
        crl = self._revoked.crl(self._trusted, datetime.now(UTC)).public_bytes(Encoding.PEM)
        with TemporaryDirectory() as folder:  # the library takes it from a file alone
            file = Path(folder, "crl.pem")
            file.write_bytes(crl)
            self._context.load_verify_locations(cafile=file)


def _listening(refused: Tell, before: Callable[[], None], accepted: Callable[[], None] | None) -> type[ssl.SSLObject]:
    class Explaining(ssl.SSLObject):
        """Event loops end a failed handshake without a word."""

        def do_handshake(self) -> None:
            before()
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                refused(in_words(error))
                raise

    class Telling(Explaining):
        """Who says something has accepted what it was shown."""

        _is_told = False

        def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - its name in the library
            said = super().read(len, buffer) if buffer is not None else super().read(len)
            if said and not self._is_told and accepted is not None:
                self._is_told = True
                accepted()
            return said

    return Explaining if accepted is None else Telling


def _asking(revoked: Revoked) -> type[ssl.SSLObject]:
    class Careful(ssl.SSLObject):
        """OpenSSL would want a CRL of every authority that the system trusts."""

        def do_handshake(self) -> None:
            super().do_handshake()
            number = int((self.getpeercert() or {"serialNumber": "0"})["serialNumber"], 16)  # type: ignore[arg-type]
            if number in revoked.numbers:
                raise ssl.SSLCertVerificationError(1, "certificate verify failed: certificate revoked")

    return Careful


def in_words(error: ssl.SSLError) -> str:
    """Why a handshake failed, for the one who is to mend it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the caller's certificate is not accepted: {error.verify_message}"
    if error.reason == "CERTIFICATE_VERIFY_FAILED":
        return "the caller's certificate is not accepted"
    return _IN_WORDS.get(error.reason or "", f"the handshake failed: {error.reason or error}")
