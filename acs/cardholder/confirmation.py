"""What the cardholder is asked to confirm, and how they are reached: what either protocol makes of its records."""

from datetime import datetime

from msgspec import Struct

from acs.cardholder.challenge import Challenge
from acs.cardholder.passkeys.ceremony import Ceremony
from threedsecure.cards.schemes import Scheme


class Confirmation(Struct, frozen=True, kw_only=True):
    """`reference`: the ACS's identifier of the authentication, which pages, texts and prompts carry; `journal_id`: under which the
    journal files it. `scheme`: under the name that its programme had in the protocol's time. `language`: BCP 47, the card's own
    before the browser's. `amount`: digits, in minor units, None where nothing is paid; `currency`: numeric (ISO 4217);
    `exponent`: its decimals. `answer_url`: where the forms of the pages go. `begun_at`: when the first page was shown;
    `window_size`: challengeWindowSize, "01" to "05". `ceremony`: what the page hands the browser, where it asks for a passkey."""

    reference: str
    journal_id: str
    pan: str
    scheme: Scheme
    phone: str
    language: str | None
    merchant_name: str
    amount: str | None
    currency: str | None
    exponent: int
    answer_url: str
    challenge: Challenge | None
    begun_at: datetime | None
    window_size: str
    ceremony: Ceremony | None = None

    @property
    def pays(self) -> bool:
        """Whether there is an amount to confirm: another authentication than that of a payment has none."""
        return bool(self.amount and self.currency)
