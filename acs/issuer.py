"""The issuer: what the handlers of either generation of the protocol work with."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acs.cardholder.phone import PhoneLine
from acs.cardholder.securecode import SecureCodes
from acs.cards.rules.book import Rulebook
from acs.cards.storage import CardStorage
from acs.settings import AcsSettings
from threedsecure.web.randomness import Randomness
from threedsecure.web.serving.service import Runtime

MAX_PAGE_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Issuer:
    """`cards`: what is kept of cards; `line`: the way to the cardholder's phone; `rulebook`: the matching rules in force."""

    runtime: Runtime
    settings: AcsSettings
    cards: CardStorage
    line: PhoneLine
    rulebook: Rulebook

    @property
    def codes(self) -> SecureCodes:
        return self.line.codes

    def page_token(self, acs_trans_id: str, page: int) -> str:
        """What a form carries to say from which page of which transaction it comes; nobody else can write it."""
        return f"{page}.{self.runtime.vault.token('page', acs_trans_id, str(page))}"

    def page_of(self, acs_trans_id: str, token: str) -> int | None:
        """The page that a token was written for, None when it was not written here."""
        number = token.partition(".")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= MAX_PAGE_DIGITS):
            return None
        genuine = self.page_token(acs_trans_id, int(number))
        return int(number) if hmac.compare_digest(genuine.encode(), token.encode(errors="replace")) else None

    def draws_for(self, message: Mapping[str, Any] | None) -> Randomness:
        """Chance for the answer to a message of 3-D Secure 1.0.2, as far as that can be read."""
        return self.runtime.randomness.of("answer", str((message or {}).get("messageId")))

    def mark(self, acs_trans_id: str, page: int, action: str, value: str) -> str:
        """The same for the same answer on the same page; tells nothing about the answer."""
        return self.runtime.vault.token("answer", acs_trans_id, str(page), action, value)
