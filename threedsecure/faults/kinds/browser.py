"""What can go wrong with the post that a page has the browser make. It is done in `threedsecure.web.faults.answers`."""

from typing import ClassVar

from threedsecure.faults.fault import Fault


class PaddedBase64(Fault, frozen=True, kw_only=True, tag="padded-base64"):
    """base64url with its = at the end, which the specification forbids. Several ACSs send it."""

    points: ClassVar = ("Method callback", "CRes post")
    mistake: ClassVar = "a decoder that refuses =, so that authenticated payments are lost"
    example: ClassVar = '{"at":"CRes post","do":"padded-base64","when":"every"}'


class OtherSession(Fault, frozen=True, kw_only=True, tag="other-session"):
    """threeDSSessionData is another transaction's."""

    points: ClassVar = ("CRes post",)
    mistake: ClassVar = (
        "finding the payment by threeDSSessionData or by a cookie, and the result by the CRes, and not comparing them"
    )
    example: ClassVar = '{"at":"CRes post","do":"other-session"}'


class Late(Fault, frozen=True, kw_only=True, tag="late"):
    """The callback comes once the AReq has been answered."""

    points: ClassVar = ("Method callback",)
    mistake: ClassVar = "a callback that changes threeDSCompInd of an AReq that is gone, or starts a second one"
    example: ClassVar = '{"at":"Method callback","do":"late"}'
