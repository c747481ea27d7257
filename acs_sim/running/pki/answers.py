"""What the authority tells peers that ask whether a certificate is revoked: a CRL and OCSP (RFC 6960, appendix A). Over plain HTTP,
as ever: who asks would else have to ask first whether the answer can be trusted."""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from acs_sim.running.pki.authority import CRL_PATH, OCSP_PATH, Authority
from acs_sim.running.pki.revoked import TOLD_FOR, Revoked
from threedsecure.web.serving.service import Route, Service, posted
from threedsecure.web.wire import WireRequest, WireResponse

LONGEST_QUESTION: Final = 4 * 1024
OCSP_ANSWER: Final = "application/ocsp-response"


def revocation_service(authority: Authority, revoked: Revoked) -> Service:
    def crl(_request: WireRequest) -> WireResponse:
        told = revoked.crl(authority, datetime.now(UTC), TOLD_FOR).public_bytes(Encoding.DER)
        return WireResponse(200, told, "application/pkix-crl")

    def answered(question: bytes) -> WireResponse:
        return WireResponse(200, revoked.ocsp(question, authority, datetime.now(UTC)), OCSP_ANSWER)

    def asked_in_address(request: WireRequest) -> WireResponse:
        try:
            question = base64.b64decode(request.match["question"], validate=True)
        except (binascii.Error, ValueError):
            question = b""
        return answered(question[:LONGEST_QUESTION])

    routes = [
        Route("GET", CRL_PATH, crl),
        posted(OCSP_PATH, lambda request: answered(request.body), LONGEST_QUESTION),
        Route("GET", OCSP_PATH + "/{question:.+}", asked_in_address),
    ]
    return Service("authority", routes, _nothing_to_begin)


@asynccontextmanager
async def _nothing_to_begin() -> AsyncIterator[None]:
    yield
