"""What is sealed can be opened with the same key only."""

import hmac
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.secrets.vault import SealBroken, Vault

VAULT = Vault(b"k" * 32, os.urandom)


@given(st.text())
def test_what_is_sealed_opens_as_it_was(text):
    assert VAULT.open(VAULT.seal(text)) == text


def test_the_same_text_is_sealed_differently_each_time():
    assert VAULT.seal("4000000001000001") != VAULT.seal("4000000001000001")


@pytest.mark.parametrize("broken", ["", "?", "AAAA", "é", "A" * 60])
def test_what_was_not_sealed_here_is_refused(broken):
    with pytest.raises(SealBroken):
        VAULT.open(broken)


def test_another_key_opens_nothing():
    with pytest.raises(SealBroken):
        Vault(b"q" * 32, os.urandom).open(VAULT.seal("x"))


def test_a_fingerprint_is_stable_and_belongs_to_its_key():
    assert VAULT.fingerprint("4000000001000001") == VAULT.fingerprint("4000000001000001")
    assert VAULT.fingerprint("4000000001000001") != Vault(b"q" * 32, os.urandom).fingerprint("4000000001000001")


@given(st.text())
def test_a_fingerprint_is_the_beginning_of_an_hmac_and_so_is_a_token(text):
    key = VAULT.derive(b"fingerprint")
    assert VAULT.fingerprint(text) == hmac.digest(key, text.encode(), "sha256")[:16].hex()
    assert VAULT.token(text) == hmac.digest(key, text.encode(), "sha256")[:18].hex()


def test_a_token_is_bound_to_each_of_its_parts():
    assert VAULT.token("ab", "c") != VAULT.token("a", "bc")
