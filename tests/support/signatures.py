"""Two judges of XML signatures that know nothing of ours: the program xmlsec1, and the library signxml."""

import subprocess
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import ExtensionPolicy
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import InvalidCertificate, InvalidDigest, InvalidInput, InvalidSignature

from tests.support.patience import PATIENCE_SECONDS


def xmlsec1_accepts(pares: bytes, root: x509.Certificate, at: datetime, folder: Path) -> bool:
    """Whether xmlsec1 verifies the signature under `root`, with the certificates judged as of `at`. Writes into `folder`."""
    document, certificate = folder / "pares.xml", folder / "root.der"
    document.write_bytes(pares)
    certificate.write_bytes(root.public_bytes(Encoding.DER))
    command = ["xmlsec1", "--verify", "--id-attr:id", "PARes", "--trusted-der", str(certificate)]
    command += ["--verification-time", f"{at:%Y-%m-%d %H:%M:%S}", str(document)]
    judged = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    return judged.returncode == 0 and judged.stderr.startswith("OK")


def signxml_accepts(pares: bytes, root: x509.Certificate, at: datetime, folder: Path) -> bool:
    """Whether signxml does, and what it says was signed is the PARes."""
    authorities = folder / "root.pem"
    authorities.write_bytes(root.public_bytes(Encoding.PEM))
    verifier = XMLVerifier()
    # It meets the same trap in libxml2's canonical form as everybody; this is its own way around it.
    verifier.excise_empty_xmlns_declarations = True
    try:
        verified = verifier.verify(
            pares,
            id_attribute="id",
            ca_pem_file=str(authorities),
            ee_policy=ExtensionPolicy.permit_all(),
            ca_policy=ExtensionPolicy.webpki_defaults_ca(),
            expect_config=SignatureConfiguration(
                location="./Message/",
                signature_methods=frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256}),
                digest_algorithms=frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256}),
                verification_time=at,
                default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
            ),
        )
    except (InvalidCertificate, InvalidDigest, InvalidInput, InvalidSignature):
        return False
    return etree.QName(verified.signed_xml).localname == "PARes"
