"""The desk's calls to the other parties. They run in this process or elsewhere; the calls are the same."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from acs_sim.settings.addresses import TITLES, Addresses
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.web.calling.transport import Transport
from threedsecure.web.wire import Problem

CALL_SECONDS: Final = 10.0
OTHERS: Final = ("shop", "ds", "acs", "phone")
"""All but the desk."""


class Refused(Exception):
    """A party answered with an error; `status` and `detail` are its own."""

    def __init__(self, party: str, status: int, detail: str) -> None:
        super().__init__(f"{TITLES[party]}: {detail}")
        self.party = party
        self.status = status
        self.detail = detail

    def problem(self) -> Problem:
        """The same for the desk's caller: a refusal of what was asked for stays one, anything else is the party's failure."""
        status = self.status if 400 <= self.status < 500 else 502
        return Problem(status, "Refused" if status < 500 else "Bad Gateway", f"{TITLES[self.party]}: {self.detail}")


class PartyUnreachable(Problem):
    """No connection: the party does not run, or not there."""


class Parties:
    """The control calls of the parties, by the names of `Addresses`."""

    def __init__(self, transport: Transport, addresses: Addresses) -> None:
        self._transport = transport
        self._addresses = addresses

    async def call(self, party: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Post `document` and return the object that is answered.

        Errors: `Refused` for an answer that is an error; `PartyUnreachable`, or `Problem` 504, when there is no answer."""
        url = self._addresses.of(party) + path
        try:
            answer = await self._transport.post(url, orjson.dumps(document or {}), timeout=CALL_SECONDS)
        except PeerTimedOut as error:
            raise Problem(504, "Gateway Timeout", f"{TITLES[party]}: {error.reason}", party=party) from error
        except PeerUnreachable as error:
            detail = f"{TITLES[party]} at {self._addresses.of(party)}: {error.reason}"
            raise PartyUnreachable(502, "Bad Gateway", detail, party=party) from error
        content = _object(answer.body)
        if answer.status >= 400:
            raise Refused(party, answer.status, str(content.get("detail") or content.get("title") or answer.status))
        return content

    async def call_others(
        self, path: str, document: Mapping[str, Any] | None = None
    ) -> dict[str, dict[str, Any] | None]:
        """Call everybody, one after the other; what each answers, None for those that do not run. Errors: as of `call`."""
        answers: dict[str, dict[str, Any] | None] = {}
        for party in OTHERS:
            try:
                answers[party] = await self.call(party, path, document)
            except PartyUnreachable:
                answers[party] = None
        return answers


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
