"""What every handler of 3-D Secure 1.0.2 works with: the issuer, and what it keeps for 1.0.2 alone."""

from collections.abc import Callable
from dataclasses import dataclass

from acs.cards.status import Standing, after_ending, asked, asked_too_often
from acs.issuer import Issuer
from acs.v1.lifecycle import Change, Drawn
from acs.v1.records import Authentication
from acs.v1.signing import ALGORITHMS, Signing
from acs.v1.storage import ClassicStorage
from threedsecure.v1.identifiers import pares_id

NUMBER_BELOW = 10**16
"""Visa's ATN has sixteen digits."""


@dataclass(frozen=True, slots=True)
class Office:
    issuer: Issuer
    storage: ClassicStorage
    signing: Signing

    async def draw(self, found: Authentication, *, code: bool) -> Drawn:
        """What one step needs; `code`: it may send a code, which uses up the card's next counter."""
        runtime, cards = self.issuer.runtime, self.issuer.cards
        counter = await cards.reserve_counter(found.card.pan) if code else 0
        standing, limits = await cards.standing(found.card.pan), self.issuer.settings.limits
        too_often = asked_too_often(standing, runtime.clock.now(), limits)
        randomness = runtime.randomness.of("step", found.name)
        number = randomness.below(NUMBER_BELOW)
        return Drawn(pares_id(randomness.bytes), number, counter, standing.locked, too_often)

    async def mark(self, change: Change) -> None:
        """What a step leaves behind on the card, which is the same card in EMV 3DS."""
        limits, now = self.issuer.settings.limits, self.issuer.runtime.clock.now()
        if change.begun and limits.challenges:
            await self._stand(change, lambda standing: asked(standing, now, limits))
        if change.ended is not None:
            await self._stand(change, lambda standing: after_ending(standing, change.ended, limits))

    async def _stand(self, change: Change, step: Callable[[Standing], Standing]) -> None:
        await self.issuer.cards.stand(change.authentication.card.pan, step)


def office(issuer: Issuer) -> Office:
    runtime = issuer.runtime
    storage = ClassicStorage(runtime.open_database, runtime.vault)
    return Office(issuer, storage, Signing(runtime, storage, ALGORITHMS[issuer.settings.pares_signature]))
