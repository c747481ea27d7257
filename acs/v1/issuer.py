"""What every handler of 3-D Secure 1.0.2 works with: the issuer, and what it keeps for 1.0.2 alone."""

from collections.abc import Callable
from dataclasses import dataclass

from acs.cards.status import CardStatus, after_ending, asked, asked_too_often
from acs.issuer import Issuer
from acs.v1.lifecycle import Change, Drawn
from acs.v1.records import Authentication
from acs.v1.signing import ALGORITHMS, Signing
from acs.v1.storage import V1Storage
from threedsecure.v1.identifiers import pares_id

NUMBER_BELOW = 10**16
"""Visa's ATN has sixteen digits."""


@dataclass(frozen=True, slots=True)
class V1Context:
    issuer: Issuer
    storage: V1Storage
    signing: Signing

    async def draw(self, found: Authentication, *, code: bool) -> Drawn:
        """What one step needs; `code`: it may send a code, which uses up the card's next counter."""
        runtime, cards = self.issuer.runtime, self.issuer.cards
        counter = await cards.reserve_counter(found.card.pan) if code else 0
        card_status, limits = await cards.card_status(found.card.pan), found.card.within(self.issuer.settings.limits)
        too_often = asked_too_often(card_status, runtime.clock.now(), limits)
        randomness = runtime.randomness.of("step", found.name)
        number = randomness.below(NUMBER_BELOW)
        return Drawn(pares_id(randomness.bytes), number, counter, card_status.locked, too_often)

    async def mark(self, change: Change) -> None:
        """What a step leaves behind on the card, which is the same card in EMV 3DS."""
        limits = change.authentication.card.within(self.issuer.settings.limits)
        now = self.issuer.runtime.clock.now()
        if change.begun and limits.challenges:
            await self._keep_status(change, lambda card_status: asked(card_status, now, limits))
        if change.ended is not None:
            await self._keep_status(change, lambda card_status: after_ending(card_status, change.ended, limits))

    async def _keep_status(self, change: Change, step: Callable[[CardStatus], CardStatus]) -> None:
        await self.issuer.cards.keep_status(change.authentication.card.pan, step)


def context(issuer: Issuer) -> V1Context:
    runtime = issuer.runtime
    storage = V1Storage(runtime.open_database, runtime.vault)
    return V1Context(issuer, storage, Signing(runtime, storage, ALGORITHMS[issuer.settings.pares_signature]))
