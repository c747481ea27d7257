"""Whose a certificate is, and what can be wrong with one: the words for both. What makes them is `acs_sim.running.pki`."""

from typing import Final

ROLES: Final = {"3ds-server": "3DS Server", "ds": "Directory Server", "acs": "ACS"}
"""What a certificate opens doors as, by the words of the command line; the name stands in its organizationalUnit."""
PARTY_ROLES: Final = {"shop": ROLES["3ds-server"], "ds": ROLES["ds"], "acs": ROLES["acs"]}
WRONG: Final = {
    "expired": "it expired yesterday",
    "not-yet-valid": "it is valid from the day after tomorrow",
    "revoked": "its authority has revoked it, as CRL and OCSP say",
    "wrong-name": "it is for elsewhere.invalid",
    "wrong-usage": "it may sign programs, and is for neither servers nor clients",
    "incomplete-chain": "an authority between it and the root is missing",
    "issuer-is-no-authority": "it was issued by a certificate that is no authority",
    "other-authority": "its authority has the name of the right one, and another key",
    "weak-key": "its key is RSA of 1,024 bits",
}
"""What a certificate can be on purpose, and what is then the matter with it."""


def wrong_at(shown: tuple[str, ...], parties: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with whose certificate, of `party=kind` each. Errors: ValueError that says what is allowed."""
    found = {}
    for each in shown:
        party, _, kind = each.partition("=")
        if party not in parties or kind not in WRONG:
            raise ValueError(f"{each!r} is no PARTY=KIND: parties {', '.join(parties)}; kinds {', '.join(WRONG)}")
        found[party] = kind
    return found
