"""The keyed hash is HMAC-SHA-256, whatever the key and the message."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.secrets.keyed_hash import KeyedHash


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=3))
def test_it_gives_what_the_library_gives_for_every_message_under_a_key(key, messages):
    keyed = KeyedHash(key)
    assert [keyed(message) for message in messages] == [hmac.digest(key, message, "sha256") for message in messages]


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_it_gives_the_vectors_of_rfc_4231(key, message, expected):
    assert KeyedHash(key)(message).hex() == expected
