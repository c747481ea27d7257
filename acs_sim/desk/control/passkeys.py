"""`/api/cards/{pan}/passkeys`: the passkeys of a card, and one in software for whoever has no browser."""

import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec

from acs.settings import BANKING_PATH
from acs_sim.client.authenticator import NONCE_BYTES, Authenticator
from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import Passkeys
from acs_sim.desk.known_cards import known_card
from threedsecure.web.wire import Problem


@call("GET", "/api/cards/{pan}/passkeys", errors=(404, 502))
async def list_passkeys(desk: Desk, pan: str) -> Passkeys:
    """The passkeys of a card, and the bank's page where a browser makes one."""
    return msgspec.convert(await _known(desk, pan), Passkeys)


@call("POST", "/api/cards/{pan}/passkeys", status=201, errors=(404, 409, 502))
async def make_passkey(desk: Desk, pan: str) -> Passkeys:
    """Make a passkey in software, with which the headless cardholder confirms."""
    await enrol(desk, pan)
    return msgspec.convert(await _known(desk, pan), Passkeys)


@call("DELETE", "/api/cards/{pan}/passkeys", errors=(404, 502))
async def forget_passkeys(desk: Desk, pan: str) -> Passkeys:
    """The card has no passkey any more."""
    told = await desk.parties.call(
        "acs", "/control/cards/passkeys/forget", {"pan": known_card(pan, desk.other_cards).pan}
    )
    return msgspec.convert(told, Passkeys)


async def enrol(desk: Desk, pan: str) -> None:
    """As a browser does it on the bank's page. Errors: `Problem` 409 where the bank has no such page."""
    page = (await _known(desk, pan))["page"]
    if page is None:
        raise Problem(409, "Conflict", "the bank's address has no name that passkeys could belong to: docs/passkeys.md")
    parts, path = urlsplit(page), page[page.index(BANKING_PATH) :]
    options = await desk.parties.call("acs", f"{path}/options")
    made = Authenticator(desk.runtime.vault.secret).made(
        options, f"{parts.scheme}://{parts.netloc}", secrets.token_bytes(NONCE_BYTES)
    )
    await desk.parties.call("acs", path, {"challenge": options["challenge"], "registration": made})


async def _known(desk: Desk, pan: str) -> dict[str, Any]:
    return await desk.parties.call("acs", "/control/cards/passkeys", {"pan": known_card(pan, desk.other_cards).pan})
