"""kill -9 at the worst moments: the challenge goes on, and the one result arrives as it was decided."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.acs.stage import OTP, Stage, stage
from tests.acs.test_classic import OTP as CLASSIC
from tests.acs.test_classic import Mpi, back
from tests.acs.test_endings import DECOUPLED
from tests.support.classic_mpi import pareq
from tests.support.engine import on_both_engines, written
from tests.support.forked import Forked
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = [on_both_engines, pytest.mark.slow]


class Process:
    """The ACS as a process that can be killed and started again on the same data and port."""

    def __init__(self, data: Path, phone_url: str) -> None:
        self.data = data
        self.phone_url = phone_url
        self.port = free_port()
        self.output = ""
        self._process: Forked | None = None

    async def start(self, minutes: float = 0) -> None:
        arguments = (str(self.data), str(self.port), self.phone_url, str(minutes))
        self._process = Forked("tests.acs.acs_process", *arguments, env=os.environ)
        while (line := await asyncio.to_thread(self._process.stdout.readline)) != "ready\n":
            self.output += line
            assert line, self.output

    def kill(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.kill()
        self.output += self._process.stdout.read()
        self._process.wait(PATIENCE_SECONDS)
        self._process.stdout.close()


@asynccontextmanager
async def killable(data: Path) -> AsyncIterator[tuple[Stage, Process]]:
    """The stage, with its ACS exchanged for a process."""
    async with stage() as around:
        process = Process(data, around.settings.phone_url)
        await process.start()
        around.url = f"http://127.0.0.1:{process.port}"
        try:
            yield around, process
        finally:
            process.kill()


async def test_killed_in_the_challenge_and_between_the_decision_and_the_rres(tmp_path):
    async with killable(tmp_path) as (acs, process):
        ares = await acs.ask()
        name = ares["acsTransID"]
        page = await acs.type(await acs.open(ares, "c2Vzc2lvbg"), acs.phone.wrong_code)

        process.kill()
        await process.start()
        page = await acs.type(page, acs.phone.wrong_code)
        assert (page.kind, "1" in page.message) == ("wrong-code", True)

        acs.directory.hold = asyncio.Event()
        unanswered = asyncio.create_task(acs.type(page, acs.phone.code))
        await acs.directory.until(1)
        process.kill()
        await asyncio.gather(unanswered, return_exceptions=True)
        acs.directory.hold.set()
        acs.directory.hold = None
        await process.start()

        kept = await acs.until(name, "reported")
        assert (kept["transStatus"], kept["interactionCounter"], kept["results"]["resultsStatus"]) == ("Y", 3, "01")
        assert len(acs.directory.bodies) == 2
        assert len(set(acs.directory.bodies)) == 1
        end = await acs.type(page, acs.phone.wrong_code)
        assert end.cres["transStatus"] == "Y"
        assert end.form.fields["threeDSSessionData"] == "c2Vzc2lvbg"

        process.kill()
        await process.start()
        await acs.settled()
        assert len(acs.directory.bodies) == 2
        assert (await acs.transaction(name))["transStatus"] == "Y"


async def test_a_code_and_a_prompt_that_were_not_sent_before_the_crash_are_sent_after_it(tmp_path):
    async with killable(tmp_path) as (acs, process):
        sent = await acs.ask()
        await acs.open(sent)
        acs.phone.hold = asyncio.Event()
        cut_off = await acs.ask()
        app = await acs.ask(compose("visa", SCENARIOS["challenge-oob"]))
        mpi = Mpi(acs)
        veres = await mpi.lookup(CLASSIC)
        bought = pareq(veres["VERes/CH/acctID"])
        waiting = [
            asyncio.create_task(mpi.send(bought)),
            asyncio.create_task(acs.open(cut_off)),
            asyncio.create_task(acs.open(app)),
            asyncio.create_task(acs.ask(compose("visa", SCENARIOS["decoupled"]), **DECOUPLED)),
        ]
        await acs.phone.until(5)
        process.kill()
        await asyncio.gather(*waiting, return_exceptions=True)
        texts, prompts = list(acs.phone.messages), list(acs.phone.prompts)
        assert (len(texts), len(prompts)) == (3, 2)
        (cut_off_text,) = [text for text in texts if text["reference"] == cut_off["acsTransID"]]
        acs.phone.hold.set()
        acs.phone.hold = None
        await process.start(minutes=1)

        await acs.phone.until(8)
        await acs.settled()
        assert acs.phone.messages == [*texts, cut_off_text], "the same code, and nothing of the page that had its code"
        again = {prompt["reference"]: prompt for prompt in acs.phone.prompts[2:]}
        assert again.keys() == {prompt["reference"] for prompt in prompts}
        for number in (-2, -1):
            assert await acs.decide("approve", number) == (200, {"state": "decided"})
        assert (await acs.type(await acs.open(cut_off), acs.phone.code)).cres["transStatus"] == "Y"
        await acs.directory.until(3)
        assert {rreq["transStatus"] for rreq in acs.directory.rreqs} == {"Y"}

        shown = await mpi.send(bought)  # 1.0.2 has no result to bring home: it acts when the browser is back
        assert acs.phone.messages[-1] in [text for text in texts[1:] if text != cut_off_text]
        assert back(await acs.type(shown, acs.phone.code))["PARes/TX/status"] == "Y"

        process.kill()
        await process.start(minutes=2)
        await acs.settled()
        assert (len(acs.phone.messages), len(acs.phone.prompts), len(acs.directory.bodies)) == (5, 4, 3)


async def test_no_card_number_or_code_is_in_clear_in_files_or_logs(tmp_path):
    async with killable(tmp_path) as (acs, process):
        await acs.control("cards", {"pan": OTP, "scenario": "challenge-otp", "phone": "+999777555333"})
        acs.phone.status = 503
        page = await acs.type(await acs.challenge(), "", "resend")
        acs.phone.status = 201
        page = await acs.type(page, "", "resend")
        await acs.type(page, acs.phone.wrong_code)
        page = await acs.type(await acs.challenge(), acs.phone.code)
        await acs.ask("4111111111111111")
        assert (await acs.control("transactions"))[0] == 200
        process.kill()
        kept = written(tmp_path) + process.output.encode()
        assert b"acs_transaction" in kept
        secrets = {OTP, "4111111111111111"} | {message["body"][:6] for message in acs.phone.messages}
        assert {secret for secret in secrets if secret.encode() in kept} == set()
        own = b"".join(path.read_bytes() for path in tmp_path.glob("acs-sim.sqlite3*"))
        assert b"+999777555333" not in own
