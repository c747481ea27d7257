"""Certificates that are wrong on purpose, each in one thing, so that it can be seen who refuses it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from cryptography.x509.oid import ExtendedKeyUsageOID

from acs_sim.running.pki.authority import CLOCK_SKEW, Authority, Issued, Terms
from acs_sim.running.pki.revoked import Revoked

_DAY: Final = timedelta(days=1)
Make = Callable[[Authority, Terms], Issued]


def issue(authority: Authority, terms: Terms, revoked: Revoked, wrong: str | None = None) -> Issued:
    """A certificate by these terms, with one of the kinds of `acs_sim.settings.certificates.WRONG` the matter with it, or nothing.

    Errors: ValueError for a host that no certificate can carry; OSError where a revocation cannot be kept."""
    if wrong is None:
        return authority.certify(terms)
    issued = _MADE[wrong](authority, terms)
    if wrong == "revoked":
        revoked.add(issued.certificate.serial_number)
    return issued


def _with(**changed: object) -> Make:
    return lambda authority, terms: authority.certify(replace(terms, **changed))  # type: ignore[arg-type]


def _expired(authority: Authority, terms: Terms) -> Issued:
    return authority.certify(replace(terms, since=terms.since - 30 * _DAY, until=terms.since - _DAY))


def _not_yet_valid(authority: Authority, terms: Terms) -> Issued:
    return authority.certify(replace(terms, since=terms.since + 2 * _DAY))


def _incomplete(authority: Authority, terms: Terms) -> Issued:
    between = authority.below("acs-sim intermediate authority", terms.since + CLOCK_SKEW)
    return replace(between.certify(terms), above=(authority.certificate,))


def _by_no_authority(authority: Authority, terms: Terms) -> Issued:
    other = authority.certify(replace(terms, name="acs-sim no authority"))
    issued = Authority(other.key, other.certificate).certify(terms)  # type: ignore[arg-type]
    return replace(issued, above=(other.certificate, authority.certificate))


def _by_another(authority: Authority, terms: Terms) -> Issued:
    return Authority.create(terms.since + CLOCK_SKEW, authority.certificate.subject).certify(terms)


_MADE: Final[Mapping[str, Make]] = {
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "revoked": _with(),
    "wrong-name": _with(hosts=("elsewhere.invalid",)),
    "wrong-usage": _with(purposes=(ExtendedKeyUsageOID.CODE_SIGNING,)),
    "incomplete-chain": _incomplete,
    "issuer-is-no-authority": _by_no_authority,
    "other-authority": _by_another,
    "weak-key": _with(weak_key=True),
}
