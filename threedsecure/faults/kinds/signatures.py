"""What can be wrong with the signature of a PARes."""

from typing import ClassVar

from threedsecure.faults.fault import SignatureFault


class WrongSignature(SignatureFault, frozen=True, kw_only=True, tag="wrong-signature"):
    """Changed after it was signed."""

    points: ClassVar = ("PARes",)
    mistake: ClassVar = "a PARes that is parsed and not verified"
    example: ClassVar = '{"at":"PARes","do":"wrong-signature"}'
    defect: ClassVar = "tampered"


class WrongChain(SignatureFault, frozen=True, kw_only=True, tag="wrong-chain"):
    """Signed under certificates with the right names and a root that nobody trusts."""

    points: ClassVar = ("PARes",)
    mistake: ClassVar = (
        "the certificate in the message verifies the signature in the message, and nobody asks who issued it"
    )
    example: ClassVar = '{"at":"PARes","do":"wrong-chain"}'
    defect: ClassVar = "wrong-chain"


class ExpiredCertificate(SignatureFault, frozen=True, kw_only=True, tag="expired-certificate"):
    """Signed with a certificate that ran out years ago."""

    points: ClassVar = ("PARes",)
    mistake: ClassVar = "validity that is never looked at"
    example: ClassVar = '{"at":"PARes","do":"expired-certificate"}'
    defect: ClassVar = "expired-certificate"


class NoSignature(SignatureFault, frozen=True, kw_only=True, tag="no-signature"):
    """Not signed at all."""

    points: ClassVar = ("PARes",)
    mistake: ClassVar = "a signature that is verified when there is one"
    example: ClassVar = '{"at":"PARes","do":"no-signature"}'
