"""What is read offline is read as its receiver reads it: both are given the same bytes, in every way that bytes go wrong."""

import base64
import json
import textwrap
from urllib.parse import urlencode

import pytest

from acs_sim.checking.files import check_all
from threedsecure.v1.codec import decode as decode_xml
from threedsecure.v1.errors import MessageError as ClassicError
from threedsecure.v2.codec import SUPPORTED_VERSIONS, decode
from threedsecure.v2.errors import MessageError
from threedsecure.v2.forms import decode_creq

CREQ = json.dumps(
    {
        "messageType": "CReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
        "challengeWindowSize": "05",
        "threeDSRequestorAppURL": "https://shop.example/?a=1>>>???",
    }
).encode()
VEREQ = (
    '<?xml version="1.0" encoding="{}"?><ThreeDSecure><Message id="7"><VEReq><version>1.0.2</version><pan>4000000001000001</pan>'
    "<Merchant><acqBIN>400000</acqBIN><merID>12345678</merID></Merchant></VEReq></Message></ThreeDSecure>"
)
WAYS = {
    "base64url": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "padded": lambda raw: base64.urlsafe_b64encode(raw).decode(),
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "wrapped": lambda raw: "\n".join(textwrap.wrap(base64.urlsafe_b64encode(raw).decode(), 64)),
    "blank inside": lambda raw: " ".join(textwrap.wrap(base64.urlsafe_b64encode(raw).decode(), 40)),
    "too much padding": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=") + "====",
}


def receiver(decoding) -> str | None:
    """The code with which the receiver refuses; None when it reads on."""
    try:
        decoding()
    except (MessageError, ClassicError) as error:
        return str(error.code)
    return None


def offline(content: bytes) -> str | None:
    (found,) = check_all([("file", content)])
    return found.answer.code if found.answer and found.message_type is None else None


@pytest.mark.parametrize("form", [False, True], ids=["value", "form"])
@pytest.mark.parametrize("way", WAYS)
def test_a_creq_is_read_as_the_acs_reads_it(way, form):
    value = WAYS[way](CREQ)
    content = urlencode({"creq": value}) if form else value
    assert offline(content.encode()) == receiver(lambda: decode_creq(value))


@pytest.mark.parametrize(
    "content",
    [
        CREQ,
        b"\xef\xbb\xbf" + CREQ,
        CREQ.decode().encode("utf-16"),
        CREQ + b"\n",
        CREQ + b"x",
        b"\x00" + CREQ,
        CREQ[:-1],
        b"[]",
        b"",
    ],
)
def test_json_is_read_as_its_receiver_reads_it(content):
    expected = receiver(lambda: decode(content, accepts=frozenset({"CReq"}), versions=SUPPORTED_VERSIONS))
    assert offline(content) == expected


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "us-ascii"])
@pytest.mark.parametrize("before", ["", "\n", " "])
def test_xml_is_read_as_the_directory_server_reads_it(charset, before):
    name = charset.removesuffix("-sig").removesuffix("-le")
    content = (before + VEREQ.format(name)).encode(charset)
    found = receiver(lambda: decode_xml(content, accepts={"VEReq"}))
    (examined,) = check_all([("file", content)])
    assert (examined.answer is None) == (found is None), (found, examined.answer)
