"""Asks the issuer's own decision service, where one is named, and bears with it when it does not answer as it should."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog

from acs.settings import AcsSettings
from acs.v2.decision.outside import MISSED, Chosen, read_answer
from threedsecure.errors import TransportError
from threedsecure.v2.codec import encode
from threedsecure.web.clock import monotonic
from threedsecure.web.serving.service import Runtime

log = structlog.get_logger()

ISSUER: Final = "Issuer"
DECIDED: Final = "issuer decision"
MISSING: Final = "issuer decision failed"


def service_of(settings: AcsSettings, rule: Mapping[str, Any] | None) -> str | None:
    """Whom to ask: the service that the rule names, or the issuer's where no rule says what the card does."""
    if rule is None:
        return settings.issuer_decides
    named: str | None = rule.get("decides")
    return named or (None if "scenario" in rule else settings.issuer_decides)


async def ask_issuer(runtime: Runtime, settings: AcsSettings, url: str, asking: Mapping[str, Any]) -> Chosen:
    """What the service decides (`asking`: a question of `acs.v2.decision.outside`); what the settings say where it is slow, out of
    reach or answers nonsense. The journal has the decision, or why there is none, and nothing of what the service was told."""
    began, status = monotonic(), None
    chosen: Chosen = MISSED[settings.decision_missed]
    try:
        answer = await runtime.transport.post(url, encode(asking), timeout=settings.decision_timeout)
        status = answer.status
        chosen = read_answer(status, answer.content_type.partition(";")[0].strip().lower(), answer.body)
        kind, told = DECIDED, msgspec.to_builtins(chosen)
    except (TransportError, ValueError) as error:
        reason = error.reason if isinstance(error, TransportError) else str(error)
        kind, told = MISSING, {"reason": reason, "instead": settings.decision_missed}
        log.warning("the issuer's service did not decide", reason=reason)
    document = {"threeDSServerTransID": asking["areq"]["threeDSServerTransID"], **told}
    took = (monotonic() - began) * 1000
    runtime.journal.record(runtime.clock.now(), ISSUER, "ACS", kind, document, status=status, took_ms=took)
    return chosen
