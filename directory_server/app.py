"""The directory server as a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from directory_server import control
from directory_server.messages import answer_error, no_such_scheme, receive
from directory_server.party import RANGES, REPORTED, Party
from directory_server.settings import DirectoryServerSettings
from directory_server.transactions.storage.tables import SCHEMA
from directory_server.transactions.storage.transactions import Storage
from directory_server.v1 import vereq
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.v1.parsing import MAX_MESSAGE_BYTES
from threedsecure.web.serving.service import Route, Runtime, Service, posted

MESSAGE_LIMIT: Final = 512 * 1024
"""Bytes; the longest message that the specifications allow is about half as long."""
EDIT_LIMIT: Final = 64 << 20


def build(runtime: Runtime, settings: DirectoryServerSettings) -> Service:
    """The directory servers of all schemes, `POST /{scheme}/3ds2` each, `POST /{scheme}/3ds1` where 1.0.2 was spoken."""
    party = Party(
        runtime,
        settings,
        Storage(runtime.open_database(SCHEMA), runtime.journal, runtime.vault, runtime.shared.worker),
    )
    runtime.shared.on(RANGES, party.reload_ranges)
    runtime.shared.on(REPORTED, party.others_reported)
    ready = False

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        nonlocal ready
        await party.load_ranges()
        ready = True
        try:
            yield
        finally:
            ready = False
            await party.stop()
            await party.storage.close()

    return Service(
        "directory server", routes(party), lifespan, ready=lambda: ready, forget_before=party.storage.forget_before
    )


def routes(party: Party) -> list[Route]:
    """One fixed path per scheme, so that a call from within the process finds it; the journal is written by the handlers, since
    who sent a message depends on what it is."""
    answer = answer_error(party)
    schemes = [
        posted(
            f"/{scheme}/3ds2",
            receive(party, scheme),
            limit=MESSAGE_LIMIT,
            answer_error=answer,
            mutual=("3DS Server", "ACS"),
            at_the_edge=True,
        )
        for scheme in SCHEMES
    ]
    classic_answer = vereq.answer_error(party)
    schemes += [
        posted(
            f"/{scheme}/3ds1",
            vereq.receive(party, scheme),
            MAX_MESSAGE_BYTES,
            answer_error=classic_answer,
            mutual=("3DS Server",),
        )
        for scheme in V1_SCHEMES
    ]
    return [
        *schemes,
        posted("/{scheme}/3ds1", vereq.no_such_scheme, MAX_MESSAGE_BYTES, answer_error=classic_answer),
        posted("/{scheme}/3ds2", no_such_scheme, limit=MESSAGE_LIMIT, answer_error=answer),
        Route("POST", "/control/reset", control.reset(party)),
        Route("POST", "/control/transactions", control.transactions(party)),
        Route("POST", "/control/refusals", control.refusals(party)),
        Route("POST", "/control/operations", control.operations(party)),
        Route("POST", "/control/ranges", control.ranges(party)),
        Route("POST", "/control/ranges/edit", control.edit_ranges(party), limit=EDIT_LIMIT),
    ]
