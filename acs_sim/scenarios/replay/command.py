"""`acs-sim replay` behind its flags."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acs_sim.running.process import logs
from acs_sim.running.stack import CannotStart
from acs_sim.scenarios.playing.gateway import running_gateway
from acs_sim.scenarios.replay.replay import CannotReplay, replay
from acs_sim.scenarios.replay.replay_to import replay_to
from acs_sim.scenarios.running import simulating
from acs_sim.scenarios.simulator import CannotPlay
from acs_sim.settings.addresses import Addresses
from acs_sim.transcripts.difference import Change, differences
from acs_sim.transcripts.document import Transcript, encode
from acs_sim.transcripts.volatile import IDENTIFIERS
from threedsecure.web.calling.transport import HttpTransport


class CannotDo(Exception):
    """It cannot be played again; the message says why."""


@dataclass(frozen=True)
class Again:
    """What was typed. `at`: where the simulator runs already, called with `tls`; None to start one."""

    results_url: str | None = None
    notification_url: str | None = None
    given: Sequence[str] = ()
    card: str | None = None
    save: Path | None = None
    at: Addresses | None = None
    tls: ssl.SSLContext | None = None


def play_again(transcript: Transcript, wish: Again) -> tuple[list[str], list[Change]]:
    """Lines that tell what was done, and what was answered otherwise. Errors: `CannotDo`."""
    logs.configure("auto", "error")
    try:
        if wish.results_url is not None:
            return asyncio.run(_to_gateway(transcript, wish, wish.results_url))
        return asyncio.run(_to_simulator(transcript, wish))
    except (CannotReplay, CannotPlay, CannotStart) as error:
        raise CannotDo(str(error)) from error
    except OSError as error:
        raise CannotDo(f"{error.filename}: cannot be written: {error.strerror}") from error


async def _to_gateway(transcript: Transcript, wish: Again, results_url: str) -> tuple[list[str], list[Change]]:
    given = dict(_identifier(text) for text in wish.given)
    async with HttpTransport.session(wish.tls) as session:
        return await replay_to(transcript, HttpTransport(session), results_url, wish.notification_url, given)


async def _to_simulator(transcript: Transcript, wish: Again) -> tuple[list[str], list[Change]]:
    async with simulating(wish.at, tls=wish.tls) as simulator, running_gateway() as gateway:
        after = await replay(
            transcript,
            simulator,
            gateway.mailbox("replay"),
            wishes=_card(wish.card),
            moves_clock=wish.at is None,
            tls=wish.tls,
        )
    if wish.save is not None:
        wish.save.write_bytes(encode(after))
    return [f"transaction {after['transaction']['id']}, {len(after['hops'])} hops"], differences(transcript, after)


def _card(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    return {"pan": text} if text.isascii() and text.isdigit() else {"scenario": text}


def _identifier(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or name not in IDENTIFIERS or not value:
        raise CannotDo(f"--id {text}: write it as NAME=VALUE; the names are {', '.join(IDENTIFIERS)}")
    return name, value
