# Generated from acs_sim/testing/aio/authenticator.py by `python -m tests.support.twins`. Do not edit.
"""A device with passkeys in a Chromium that Playwright drives, by Chromium's own protocol. Playwright is the caller's."""

from typing import TYPE_CHECKING, Any, Final

from acs_sim.testing.loop_thread import LoopThread

if TYPE_CHECKING:
    from playwright import sync_api

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


class Authenticator:
    """A virtual authenticator of one page: it stays while the page goes elsewhere, and is gone with the page."""

    def __init__(
        self, loop: LoopThread, calls: "Calls", page: "sync_api.Page", protocol: "sync_api.CDPSession"
    ) -> None:
        self._loop = loop
        self._calls = calls
        self._page = page
        self._protocol = protocol
        self._id = ""

    def add(self) -> None:
        """Plug it in."""
        self._protocol.send("WebAuthn.enable")
        added = self._protocol.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
        self._id = str(added["authenticatorId"])

    def enrol(self, pan: str) -> None:
        """Make a passkey for a card on the bank's page, where the page is left. Errors: `ValueError` where the bank's address has
        no name (docs/passkeys.md)."""
        told = self._loop.run(self._calls.passkeys(pan))
        if told["page"] is None:
            raise ValueError("the bank's address has no name that passkeys could belong to")
        self._page.goto(told["page"])
        made = len(told["passkeys"])
        self._page.locator("#create").click()
        self._page.locator("#passkeys time").nth(made).wait_for()

    def verify(self, *, verifies: bool) -> None:
        """Whether the person's finger, face or PIN is the right one from here on."""
        self._protocol.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": verifies})

    def when_asked_to_pay(self, answer: str) -> None:
        """What the person does with the dialog of Secure Payment Confirmation from here on: `"confirms"`, `"closes"`, `"opts out"`,
        `"other way"`, `"says nothing"`. Headless Chromium has it with `--enable-features=SecurePaymentConfirmationBrowser`, the
        headless shell not at all."""
        self._protocol.send("Page.setSPCTransactionMode", {"mode": SPC_ANSWERS[answer]})

    def credentials(self) -> list[dict[str, Any]]:
        """What the device holds."""
        told = self._protocol.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        found: list[dict[str, Any]] = told["credentials"]
        return found


def authenticator(loop: LoopThread, calls: "Calls", page: "sync_api.Page") -> Authenticator:
    """A new one, plugged in."""
    made = Authenticator(loop, calls, page, page.context.new_cdp_session(page))
    made.add()
    return made
