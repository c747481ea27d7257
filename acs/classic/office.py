"""What every handler of 3-D Secure 1.0.2 works with: the issuer, and what it keeps for 1.0.2 alone."""

from dataclasses import dataclass

from acs.classic.lifecycle import Drawn
from acs.classic.records import Authentication
from acs.classic.signing import ALGORITHMS, Signing
from acs.classic.storage import ClassicStorage
from acs.issuer import Issuer
from threedsecure.v1.identifiers import pares_id

NUMBER_BELOW = 10**16
"""Visa's ATN has sixteen digits."""


@dataclass(frozen=True, slots=True)
class Office:
    issuer: Issuer
    storage: ClassicStorage
    signing: Signing

    async def draw(self, found: Authentication, *, code: bool) -> Drawn:
        """Chance for one step; `code`: the step may send a code, which uses up the card's next counter."""
        randomness = self.issuer.runtime.randomness.of("step", found.name)
        counter = await self.issuer.storage.reserve_counter(found.card.pan) if code else 0
        return Drawn(pares_id(randomness.bytes), randomness.below(NUMBER_BELOW), counter)


def office(issuer: Issuer) -> Office:
    runtime = issuer.runtime
    storage = ClassicStorage(runtime.open_database, runtime.vault)
    return Office(issuer, storage, Signing(runtime, storage, ALGORITHMS[issuer.settings.pares_signature]))
