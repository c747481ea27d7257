"""RReq, the results request: the ACS to the DS, and on to the 3DS Server."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.context import Leg
from threedsecure.v2.grammar.table import Row, within
from threedsecure.v2.messages import erro

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", note="Unknown -> 301"),
    Row("acsRenderingType", "R C C", "APP", when=c.not_decoupled),
    *within("acsRenderingType", objects.ACS_RENDERING_TYPE),
    Row("acsTransID", "R R R"),
    Row("authenticationType", "C C -", when=c.equal("transStatus", "Y", "N"), note="After D must be 04", sure="high -"),
    Row(
        "authenticationMethod",
        "C C -",
        when=c.directory_server_requires,
        legs=(Leg.ACS_TO_DS,),
        note="Sent by the ACS for the DS, which does not pass it on",
    ),
    Row("authenticationMethod", "- - C", when=c.equal("transStatus", "Y", "N")),
    Row("authenticationValue", "C C C", when=c.proof_expected),
    Row("cardholderInfo", "- - O", sure="- high"),
    *within("cardholderInfo", objects.CARDHOLDER_INFO),
    Row(
        "challengeCancel",
        "C C C",
        "APP+BRW ALL ALL",
        when=c.challenge_timed_out,
        note="transStatusReason 14 requires 04 or 05 (RBK)",
    ),
    Row("challengeErrorReporting", "- - C", "APP+BRW", when=c.equal("challengeCancel", "09", "10"), sure="- high"),
    *within("challengeErrorReporting", erro.ROWS),
    Row("deviceBindingStatus", "- - O", sure="- high"),
    Row("deviceBindingStatusSource", "- - C", when=c.present("deviceBindingStatus"), sure="- high"),
    Row("dsTransID", "R R R"),
    Row("eci", "C C C", when=c.directory_server_requires),
    Row("interactionCounter", "R C C", "APP+BRW", when=c.not_decoupled),
    Row("messageCategory", "R R R"),
    Row("messageExtension", "C C C", when=c.owner_requires),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R"),
    Row("messageVersion", "R R R"),
    Row("sdkTransID", "- R R", "APP"),
    Row("transStatus", "R/C R/C R/C", when=c.directory_server_requires, note="C, I, S (and D before 2.3.1) -> 203"),
    Row("transStatusReason", "C C C", when=c.reason_expected),
    Row("transStatusReasonInfo", "- - O", sure="- high"),
    Row("whiteListStatus", "- O -", sure="high -"),
    Row("whiteListStatusSource", "- C -", when=c.present("whiteListStatus"), sure="high -"),
    Row("trustListStatus", "- - O", sure="- high"),
    Row("trustListStatusSource", "- - C", when=c.present("trustListStatus"), sure="- high"),
)
