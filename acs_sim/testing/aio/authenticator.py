"""A device with passkeys in a Chromium that Playwright drives, by Chromium's own protocol. Playwright is the caller's."""

from typing import TYPE_CHECKING, Any, Final

from acs_sim.testing.loop_thread import LoopThread

if TYPE_CHECKING:
    from playwright import async_api

    from acs_sim.testing.calls import Calls

OPTIONS: Final = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SPC_ANSWERS: Final = {
    "confirms": "autoAccept",
    "closes": "autoReject",
    "opts out": "autoOptOut",
    "other way": "autoChooseToAuthAnotherWay",
    "says nothing": "none",
}
"""What the person does with the browser's dialog of Secure Payment Confirmation."""


class AsyncAuthenticator:
    """A virtual authenticator of one page: it stays while the page goes elsewhere, and is gone with the page."""

    def __init__(
        self, loop: LoopThread, calls: "Calls", page: "async_api.Page", protocol: "async_api.CDPSession"
    ) -> None:
        self._loop = loop
        self._calls = calls
        self._page = page
        self._protocol = protocol
        self._id = ""

    async def add(self) -> None:
        """Plug it in."""
        await self._protocol.send("WebAuthn.enable")
        added = await self._protocol.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
        self._id = str(added["authenticatorId"])

    async def enrol(self, pan: str) -> None:
        """Make a passkey for a card on the bank's page, where the page is left. Errors: `ValueError` where the bank's address has
        no name (docs/passkeys.md)."""
        told = await self._loop.awaited(self._calls.passkeys(pan))
        if told["page"] is None:
            raise ValueError("the bank's address has no name that passkeys could belong to")
        await self._page.goto(told["page"])
        made = len(told["passkeys"])
        await self._page.locator("#create").click()
        await self._page.locator("#passkeys time").nth(made).wait_for()

    async def verify(self, *, verifies: bool) -> None:
        """Whether the person's finger, face or PIN is the right one from here on."""
        await self._protocol.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": verifies})

    async def when_asked_to_pay(self, answer: str) -> None:
        """What the person does with the dialog of Secure Payment Confirmation from here on: `"confirms"`, `"closes"`, `"opts out"`,
        `"other way"`, `"says nothing"`. Headless Chromium has it with `--enable-features=SecurePaymentConfirmationBrowser`, the
        headless shell not at all."""
        await self._protocol.send("Page.setSPCTransactionMode", {"mode": SPC_ANSWERS[answer]})

    async def credentials(self) -> list[dict[str, Any]]:
        """What the device holds."""
        told = await self._protocol.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        found: list[dict[str, Any]] = told["credentials"]
        return found


async def authenticator(loop: LoopThread, calls: "Calls", page: "async_api.Page") -> AsyncAuthenticator:
    """A new one, plugged in."""
    made = AsyncAuthenticator(loop, calls, page, await page.context.new_cdp_session(page))
    await made.add()
    return made
