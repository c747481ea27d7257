"""PaReq and PaRes as form values: zlib in base64, bounded."""

import base64
import gzip
import subprocess
import sys
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_SECONDS
from tests.threedsecure.v1.samples import PAREQ
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError

PACKED = base64.b64encode(zlib.compress(PAREQ.encode())).decode()


def detail_of(field: str, **options) -> str:
    with pytest.raises(MessageError) as caught:
        unpack(field, **options)
    assert caught.value.code == "5"
    return caught.value.detail


def test_a_message_is_packed_as_a_zlib_stream_in_base64():
    packed = pack(PAREQ.encode())
    assert packed.startswith("eJ")
    assert zlib.decompress(base64.b64decode(packed, validate=True)).decode() == PAREQ


def test_a_value_made_elsewhere_is_unpacked():
    assert unpack(PACKED).decode() == PAREQ


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r\n  ", " \n"])
@pytest.mark.parametrize("width", [60, 64, 76])
def test_line_breaks_in_the_base64_are_accepted(separator, width):
    lines = [PACKED[start : start + width] for start in range(0, len(PACKED), width)]
    assert unpack(separator.join(lines) + separator).decode() == PAREQ


@pytest.mark.parametrize("level", range(10))
def test_every_compression_level_is_accepted(level):
    assert unpack(base64.b64encode(zlib.compress(PAREQ.encode(), level)).decode()).decode() == PAREQ


@pytest.mark.parametrize(
    ("field", "detail"),
    [
        ("", "empty"),
        (" \r\n ", "empty"),
        ("not base64!", "a space stands"),
        (PACKED[:10] + " " + PACKED[11:], "not URL-encoded"),
        ("not-base64", "not base64"),
        (PACKED[:-3], "not base64, or it was cut off"),
        ("é" * 8, "not base64"),
        (PACKED[: len(PACKED) // 8 * 4], "the zlib stream was cut off"),
        (base64.b64encode(zlib.compress(b"x") + b"x").decode(), "something follows"),
        (base64.b64encode(PAREQ.encode()).decode(), "raw deflate or something else"),
        (base64.b64encode(zlib.compress(PAREQ.encode(), wbits=-15)).decode(), "raw deflate"),
        (base64.b64encode(gzip.compress(PAREQ.encode())).decode(), "a gzip file"),
        ("A" * 70_000, "longer than 65536 characters"),
    ],
)
def test_a_broken_value_says_which_layer_is_broken(field, detail):
    assert detail in detail_of(field)


def test_a_message_of_just_the_allowed_length_is_unpacked_and_one_byte_more_is_not():
    assert len(unpack(pack(b"x" * 1_000), limit=1_000)) == 1_000
    assert "more than 1000 bytes" in detail_of(pack(b"x" * 1_001), limit=1_000)


BOMB = """
import base64, resource, sys, zlib
from threedsecure.v1.envelope import unpack
from threedsecure.v1.errors import MessageError

packer = zlib.compressobj(9)
packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(10)) + packer.flush()
field = base64.b64encode(packed).decode()
assert 10_000 < len(packed) < 12_000, len(packed)
unpack(base64.b64encode(zlib.compress(b"warm")).decode())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    unpack(field)
except MessageError as error:
    print(error.detail, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_ten_megabytes_in_ten_kilobytes_are_refused_within_one_megabyte_of_memory():
    told = subprocess.run(
        [sys.executable, "-c", BOMB], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    ).stdout
    detail, _, grown = told.strip().rpartition(" ")
    unit = 1 if sys.platform == "darwin" else 1024
    assert detail == "the message inflates to more than 65536 bytes"
    assert int(grown) * unit < 1 << 20


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())))
def test_any_value_is_unpacked_or_refused_with_an_error_of_ours(field):
    with suppress(MessageError):
        unpack(field)


@given(st.data())
def test_a_value_changed_anywhere_is_unpacked_or_refused(data):
    position = data.draw(st.integers(0, len(PACKED) - 1))
    changed = PACKED[:position] + data.draw(st.text(max_size=3)) + PACKED[position + 1 :]
    with suppress(MessageError):
        unpack(changed)


@given(st.binary(max_size=2_000))
def test_whatever_is_packed_comes_back(xml):
    assert unpack(pack(xml)) == xml
