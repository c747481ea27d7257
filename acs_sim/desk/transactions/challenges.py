"""What a challenge of either protocol asks of the headless cardholder, and what is told of it."""

from typing import Any

from acs_sim.client.challenge_page import Page
from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardholderOutcome, Notification
from acs_sim.desk.words import another_code
from threedsecure.web.wire import Problem


async def challenge_of(
    desk: Desk, path: str, acs_trans_id: str | None, unknown: str, *, page: bool = False
) -> dict[str, Any]:
    """What the ACS tells of it, with the bank's `page` where that is wanted.

    Errors: `Problem` 409 with the words `unknown` where it tells nothing."""
    try:
        return await desk.parties.call("acs", path, {"id": acs_trans_id, "page": page})
    except Refused as refusal:
        if refusal.status != 404:
            raise
        raise Problem(409, "Conflict", unknown) from refusal


def code_for(code: str | None, wanted: str) -> str:
    """The `correct` or a `wrong` code. Errors: `Problem` 409 where none is in force."""
    if wanted == "wrong":
        return another_code(code)
    if not code:
        raise Problem(409, "Conflict", "no SecureCode is in force for this challenge: it expired, or none was sent")
    return str(code)


def outcome_of(
    challenge: dict[str, Any], page: Page | None, status: str | None, notification: Notification | None
) -> CardholderOutcome:
    return CardholderOutcome(
        state=str(challenge.get("state", "unknown")),
        transStatus=status,
        message=(page.message or page.title or None) if page is not None else None,
        tries_left=challenge.get("tries_left"),
        notification=notification,
    )
