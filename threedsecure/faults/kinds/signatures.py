"""What can be wrong with the signature of a PARes or of acsSignedContent, and with the encryption of an app's challenge."""

from typing import ClassVar, Final

from threedsecure.faults.fault import SignatureFault

_SIGNED: Final = ("PARes", "acsSignedContent")
_ENCRYPTED: Final = ("CReq", "CRes")


class WrongSignature(SignatureFault, frozen=True, kw_only=True, tag="wrong-signature"):
    """Changed after it was signed."""

    points: ClassVar = _SIGNED
    mistake: ClassVar = "a PARes that is parsed and not verified"
    example: ClassVar = '{"at":"PARes","do":"wrong-signature"}'
    defect: ClassVar = "tampered"


class WrongChain(SignatureFault, frozen=True, kw_only=True, tag="wrong-chain"):
    """Signed under certificates with the right names and a root that nobody trusts."""

    points: ClassVar = _SIGNED
    mistake: ClassVar = (
        "the certificate in the message verifies the signature in the message, and nobody asks who issued it"
    )
    example: ClassVar = '{"at":"PARes","do":"wrong-chain"}'
    defect: ClassVar = "wrong-chain"


class ExpiredCertificate(SignatureFault, frozen=True, kw_only=True, tag="expired-certificate"):
    """Signed with a certificate that ran out years ago."""

    points: ClassVar = _SIGNED
    mistake: ClassVar = "validity that is never looked at"
    example: ClassVar = '{"at":"PARes","do":"expired-certificate"}'
    defect: ClassVar = "expired-certificate"


class NoSignature(SignatureFault, frozen=True, kw_only=True, tag="no-signature"):
    """Not signed at all."""

    points: ClassVar = ("PARes",)
    mistake: ClassVar = "a signature that is verified when there is one"
    example: ClassVar = '{"at":"PARes","do":"no-signature"}'


class OtherKey(SignatureFault, frozen=True, kw_only=True, tag="other-key"):
    """sdkEphemPubKey is not the key of this SDK: the content was signed for somebody else."""

    points: ClassVar = ("acsSignedContent",)
    mistake: ClassVar = "a good signature that is believed, whomever it was made for"
    example: ClassVar = '{"at":"acsSignedContent","do":"other-key"}'
    defect: ClassVar = "other-key"


class WrongAlgorithm(SignatureFault, frozen=True, kw_only=True, tag="wrong-algorithm"):
    """Signed with RS256, rightly, which EMV 3DS does not allow."""

    points: ClassVar = ("acsSignedContent",)
    mistake: ClassVar = "a library that takes whatever alg the header names"
    example: ClassVar = '{"at":"acsSignedContent","do":"wrong-algorithm"}'
    defect: ClassVar = "wrong-algorithm"


class UnreadableContent(SignatureFault, frozen=True, kw_only=True, tag="unreadable-content"):
    """Rightly signed, and no JSON."""

    points: ClassVar = ("acsSignedContent",)
    mistake: ClassVar = "an app that crashes, where its SDK should say runtimeError"
    example: ClassVar = '{"at":"acsSignedContent","do":"unreadable-content"}'
    defect: ClassVar = "unreadable"


class WrongTag(SignatureFault, frozen=True, kw_only=True, tag="wrong-tag"):
    """The authentication tag of the encryption has one bit wrong. EMV 3DS wants Erro 302."""

    points: ClassVar = _ENCRYPTED
    mistake: ClassVar = "a message that is decrypted, and never asked whether it was changed"
    example: ClassVar = '{"at":"CRes","do":"wrong-tag"}'
    defect: ClassVar = "wrong-tag"


class WrongHalf(SignatureFault, frozen=True, kw_only=True, tag="wrong-half"):
    """Encrypted with the halves of the session key in each other's place. EMV 3DS wants Erro 302."""

    points: ClassVar = _ENCRYPTED
    mistake: ClassVar = "an SDK that takes a message which it has sent itself"
    example: ClassVar = '{"at":"CRes","do":"wrong-half"}'
    defect: ClassVar = "wrong-half"
