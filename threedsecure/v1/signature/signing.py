"""The signature that an ACS puts on a PARes, and the ways to put a bad one.

As the real ones are: a ds:Signature that follows the PARes inside Message, over one Reference to the PARes's id, without
Transforms, canonicalised by inclusive C14N 1.0, RSA-SHA1, with the signer's, the issuing authority's and the root's certificate.
"""

import base64
import re
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from msgspec import Struct

from threedsecure.v1.codec import DECLARATION, message_element
from threedsecure.v1.parsing import parse
from threedsecure.v1.signature.pki import Signer, SigningKeys

XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_XML_NAMESPACE: Final = "{http://www.w3.org/XML/1998/namespace}"
C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


class Algorithm(Struct, frozen=True):
    """A signature method and the digest method that goes with it, by their XML names."""

    signature: str
    digest: str
    hash: type[SHA1] | type[SHA256]


RSA_SHA1: Final = Algorithm(f"{XMLDSIG}rsa-sha1", f"{XMLDSIG}sha1", SHA1)
RSA_SHA256: Final = Algorithm(
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256", SHA256
)


class SignatureDefect(StrEnum):
    """What can be wrong with a signature on purpose."""

    TAMPERED = "tampered"
    """The PARes was changed after it was signed: its time is another, which no comparison with the PAReq shows."""
    WRONG_CHAIN = "wrong-chain"
    """Signed under certificates with the right names and an unknown root."""
    EXPIRED_CERTIFICATE = "expired-certificate"
    """Signed by the right signer with a certificate that ran out years ago."""
    MISSING = "missing"
    """No signature."""


def signed(
    pares: bytes, keys: SigningKeys, *, algorithm: Algorithm = RSA_SHA1, defect: SignatureDefect | None = None
) -> bytes:
    """An encoded PARes with its signature, or with the `defect` asked for. Its PARes element must have an id."""
    if defect is SignatureDefect.MISSING:
        return pares
    signers = {SignatureDefect.WRONG_CHAIN: keys.stray, SignatureDefect.EXPIRED_CERTIFICATE: keys.expired}
    made = sign(pares, signers.get(defect, keys.good) if defect else keys.good, algorithm=algorithm)
    return _with_another_time(made) if defect is SignatureDefect.TAMPERED else made


def sign(pares: bytes, signer: Signer, *, algorithm: Algorithm = RSA_SHA1) -> bytes:
    """Put `signer`'s signature behind the PARes. Errors: ValueError for a PARes without an id."""
    root = parse(pares)
    element = message_element(root)
    identifier = element.get("id")
    if not identifier:
        raise ValueError("a PARes without an id cannot be signed")
    signature = _element("Signature")
    next(element.iterancestors()).append(signature)
    signed_info = _signed_info(identifier, digest(canonical(element), algorithm.hash()), algorithm)
    signature.append(signed_info)
    # Only in its place does SignedInfo inherit the namespaces that its canonical form has to show.
    value = signer.key.sign(canonical(signed_info), PKCS1v15(), algorithm.hash())
    _element("SignatureValue", signature).text = base64.b64encode(value).decode()
    _add_certificates(signature, signer)
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def canonical(element: "etree._Element", *, exclusive: bool = False) -> bytes:
    """`element` in C14N 1.0 without comments.

    libxml2 canonicalises a namespaced element wrongly where it stands in a document without namespaces (it gives the
    grandchildren an empty xmlns), so the element is made a document of its own first. With its place it would lose what it
    inherits: namespaces come along by themselves, xml:lang and its like are brought (C14N 1.0, section 2.4).
    """
    alone = etree.fromstring(etree.tostring(element, encoding="UTF-8", with_tail=False))
    for ancestor in [] if exclusive else element.iterancestors():
        for name, value in ancestor.items():
            if str(name).startswith(_XML_NAMESPACE) and name not in alone.attrib:
                alone.set(name, value)
    return etree.tostring(alone, method="c14n", exclusive=exclusive, with_comments=False)


def digest(content: bytes, algorithm: HashAlgorithm) -> bytes:
    summing = Hash(algorithm)
    summing.update(content)
    return summing.finalize()


def _element(name: str, parent: "etree._Element | None" = None, **attributes: str) -> "etree._Element":
    if parent is None:
        return etree.Element(f"{{{XMLDSIG}}}{name}", attributes, {None: XMLDSIG})  # type: ignore[dict-item]
    return etree.SubElement(parent, f"{{{XMLDSIG}}}{name}", attributes)


def _signed_info(identifier: str, digest_value: bytes, algorithm: Algorithm) -> "etree._Element":
    signed_info = _element("SignedInfo")
    _element("CanonicalizationMethod", signed_info, Algorithm=C14N)
    _element("SignatureMethod", signed_info, Algorithm=algorithm.signature)
    reference = _element("Reference", signed_info, URI=f"#{identifier}")
    _element("DigestMethod", reference, Algorithm=algorithm.digest)
    _element("DigestValue", reference).text = base64.b64encode(digest_value).decode()
    return signed_info


def _add_certificates(signature: "etree._Element", signer: Signer) -> None:
    data = _element("X509Data", _element("KeyInfo", signature))
    for certificate in signer.certificates:
        encoded = base64.encodebytes(certificate.public_bytes(Encoding.DER)).decode()
        _element("X509Certificate", data).text = encoded.rstrip("\n")


def _with_another_time(pares: bytes) -> bytes:
    """The seconds of TX.time changed: 00 becomes 01, everything else 00."""
    changed = re.sub(
        rb"(<time>[^<]*:)([0-9]{2})(</time>)",
        lambda match: match[1] + (b"01" if match[2] == b"00" else b"00") + match[3],
        pares,
    )
    if changed == pares:
        raise ValueError("a PARes without a TX.time cannot be tampered with")
    return changed
