"""A merchant plug-in for 3-D Secure 1.0.2 that shares nothing with the simulator: lxml and the standard library, messages typed
from the protocol's description, signatures judged by xmlsec1."""

import base64
import subprocess
import zlib
from datetime import datetime
from pathlib import Path

from lxml import etree

from tests.support.patience import PATIENCE_SECONDS

XML = 'application/xml; charset="utf-8"'
XID = base64.b64encode(b"a payment of 20 byte").decode()


def crreq(message_id: str = "CRReq-1", *, acq_bin: str = "400000", mer_id: str = "12345678", serial: str = "") -> bytes:
    serial = f"<serialNumber>{serial}</serialNumber>" if serial else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ThreeDSecure><Message id="{message_id}"><CRReq><version>1.0.2</version>'
        f"<Merchant><acqBIN>{acq_bin}</acqBIN><merID>{mer_id}</merID></Merchant>{serial}</CRReq></Message></ThreeDSecure>"
    ).encode()


def vereq(
    pan: str, message_id: str = "VEReq-1", *, acq_bin: str = "400000", mer_id: str = "12345678", password: str = ""
) -> bytes:
    password = f"<password>{password}</password>" if password else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ThreeDSecure><Message id="{message_id}"><VEReq><version>1.0.2</version>'
        f"<pan>{pan}</pan><Merchant><acqBIN>{acq_bin}</acqBIN><merID>{mer_id}</merID>{password}</Merchant>"
        "<Browser><deviceCategory>0</deviceCategory><accept>text/html</accept><userAgent>Mozilla/5.0</userAgent></Browser>"
        "</VEReq></Message></ThreeDSecure>"
    ).encode()


def pareq(
    acct_id: str,
    message_id: str = "PAReq-1",
    *,
    xid: str = XID,
    acq_bin: str = "400000",
    mer_id: str = "12345678",
    amount: str = "42.00",
    purch_amount: str = "4200",
    country: str = "250",
    expiry: str = "3012",
) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ThreeDSecure><Message id="{message_id}"><PAReq><version>1.0.2</version>'
        f"<Merchant><acqBIN>{acq_bin}</acqBIN><merID>{mer_id}</merID><name>Librairie Exemple</name>"
        f"<country>{country}</country><url>https://librairie.example</url></Merchant>"
        f"<Purchase><xid>{xid}</xid><date>20260615 12:00:00</date><amount>{amount}</amount>"
        f"<purchAmount>{purch_amount}</purchAmount><currency>978</currency><exponent>2</exponent></Purchase>"
        f"<CH><acctID>{acct_id}</acctID><expiry>{expiry}</expiry></CH></PAReq></Message></ThreeDSecure>"
    ).encode()


def packed(xml: bytes) -> str:
    """The form value of a PaReq."""
    return base64.b64encode(zlib.compress(xml)).decode()


def unpacked(value: str) -> bytes:
    """The XML of a PaRes form value."""
    return zlib.decompress(base64.b64decode(value))


class Answer:
    """An XML answer, read by paths such as `VERes/CH/enrolled`."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        self.message = etree.fromstring(xml, parser).find("Message")

    @property
    def id(self) -> str:
        return self.message.get("id")

    @property
    def type(self) -> str:
        return self.message[0].tag

    def __getitem__(self, path: str) -> str | None:
        return self.message.findtext(path)

    def all(self, path: str) -> list[str]:
        return [element.text for element in self.message.findall(path)]


def xmlsec1_accepts(pares: bytes, root_pem: bytes, at: datetime, folder: Path) -> bool:
    """Whether xmlsec1 verifies the signature of a PARes under this root at this time."""
    signed, root = folder / "pares.xml", folder / "root.pem"
    signed.write_bytes(pares)
    root.write_bytes(root_pem)
    judged = subprocess.run(
        [
            "xmlsec1",
            "--verify",
            "--id-attr:id",
            "PARes",
            "--trusted-pem",
            str(root),
            "--verification-time",
            at.strftime("%Y-%m-%d %H:%M:%S"),
            str(signed),
        ],
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    return judged.returncode == 0
