"""The whole process: its folder, its ports, its life."""

import asyncio
import logging
import socket
import stat
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from acs_sim.running.data.retention import oldest_kept, retaining
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.world import SERVER_ID
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock
from threedsecure.web.scheduler import Loops


def settings_in(folder, **changes):
    return with_free_ports(Settings(data=str(folder), **changes))


async def started(settings, world):
    async with running_stack(settings, parties=world.parties()):
        pytest.fail("it started")


async def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path, world):
    settings = settings_in(tmp_path / "data")
    async with running_stack(settings, parties=world.parties()) as stack:
        sealed = stack.runtime.vault.seal("407115")
        key = tmp_path / "data" / "key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert len(key.read_bytes()) == 32
    async with running_stack(settings, parties=world.parties()) as stack:
        assert stack.runtime.vault.open(sealed) == "407115"


async def test_a_fresh_simulator_leaves_nothing_behind(tmp_path, world):
    async with running_stack(settings_in(tmp_path / "data", fresh=True), parties=world.parties()) as stack:
        stack.runtime.journal.record(stack.clock.now(), "A", "B", "AReq", {"threeDSServerTransID": SERVER_ID})
    assert list(tmp_path.iterdir()) == []


async def test_databases_without_their_key_are_not_started_upon(tmp_path, world):
    settings = settings_in(tmp_path)
    async with running_stack(settings, parties=world.parties()):
        pass
    (tmp_path / "key").unlink()
    with pytest.raises(CannotStart, match=r"key is missing, and .*acs-sim.sqlite3 was sealed with it"):
        await started(settings, world)


async def test_databases_that_were_sealed_with_another_key_are_not_started_upon(tmp_path):
    settings = settings_in(tmp_path)
    async with running_stack(settings):
        pass
    (tmp_path / "key").write_bytes(bytes(32))
    with pytest.raises(CannotStart, match=r"/ was sealed with another master key: restore the file key$"):
        async with running_stack(settings):
            pytest.fail("it started")


async def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path, world):
    (tmp_path / "ds.lock").mkdir()  # what nobody may write, for a superuser too
    with pytest.raises(CannotStart, match=r"ds\.lock cannot be used: "):
        await started(settings_in(tmp_path), world)


async def test_what_is_kept_is_read_by_its_owner_alone(tmp_path, world):
    (tmp_path / "acs-sim.sqlite3").touch(mode=0o644)
    (tmp_path / "key").write_bytes(bytes(32))
    async with running_stack(settings_in(tmp_path), parties=world.parties()):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*sqlite3*")}
    assert modes == dict.fromkeys(("acs-sim.sqlite3", "acs-sim.sqlite3-wal", "acs-sim.sqlite3-shm"), 0o600)


async def test_a_folder_of_an_earlier_release_is_refused_in_words(tmp_path, world):
    (tmp_path / "key").write_bytes(bytes(32))
    (tmp_path / "acs.sqlite3").touch()
    with pytest.raises(CannotStart, match=r"written by an earlier release \(acs.sqlite3\), .* take another --data"):
        await started(settings_in(tmp_path), world)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
async def test_a_key_of_the_wrong_length_is_refused(tmp_path, world, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(CannotStart, match="is no master key"):
        await started(settings_in(tmp_path), world)


async def test_two_simulators_do_not_share_a_folder(tmp_path, world):
    async with running_stack(settings_in(tmp_path), parties=world.parties()):
        with pytest.raises(CannotStart, match="another acs-sim runs on"):
            await started(settings_in(tmp_path), world)
    async with running_stack(settings_in(tmp_path), parties=world.parties()):
        pass


async def test_parties_may_be_divided_between_simulators_on_one_folder(tmp_path, world):
    first = settings_in(tmp_path, only=("ds", "acs", "shop", "phone"))
    second = Settings(data=str(tmp_path), only=("desk",), **{f"{name}_url": url for name, url in first.addresses})
    async with (
        running_stack(first, parties=world.parties()),
        running_stack(second, parties=world.parties()) as desk,
        aiohttp.ClientSession() as session,
        session.get(f"{desk.addresses.desk}/api/transactions") as answer,
    ):
        assert [one["id"] for one in (await answer.json())["transactions"]] == [SERVER_ID]


async def test_one_file_can_hold_every_table(tmp_path, world):
    settings = settings_in(tmp_path / "data", database=f"sqlite:///{tmp_path}/all.sqlite3")
    async with running_stack(settings, parties=world.parties()) as stack:
        stack.runtime.journal.record(stack.clock.now(), "A", "B", "AReq", {"threeDSServerTransID": SERVER_ID})
    assert (tmp_path / "all.sqlite3").exists()
    assert not list((tmp_path / "data").glob("*.sqlite3"))
    async with running_stack(settings, parties=world.parties()) as stack:
        assert await stack.runtime.journal.transaction_of(SERVER_ID) == SERVER_ID


@pytest.mark.parametrize("name", ["no.sqlite3", "missing/folder.sqlite3"])
async def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path, world, name):
    (tmp_path / "no.sqlite3").write_text("once upon a time " * 100)
    settings = settings_in(tmp_path / "data", database=str(tmp_path / name))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_bytes(bytes(32))
    with pytest.raises(CannotStart, match=r"cannot be used as a database") as error:
        await started(settings, world)
    assert "\n" not in str(error.value)


async def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path, world):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"file.* cannot be used"):
        await started(settings_in(tmp_path / "file" / "data"), world)


async def test_a_port_in_use_is_named_with_its_party(world):
    settings = with_free_ports(Settings(fresh=True))
    told = rf"ACS: port {settings.port('acs')} of 127.0.0.1 is in use"
    with socket.create_server(("127.0.0.1", settings.port("acs"))), pytest.raises(CannotStart, match=told):
        await started(settings, world)
    async with running_stack(settings, parties=world.parties()):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_localhost_is_served_by_both_its_addresses(world, host):
    settings = with_free_ports(Settings(fresh=True))
    async with aiohttp.ClientSession() as session, running_stack(settings, parties=world.parties()):
        for party in ("desk", "ds", "acs", "phone", "shop"):
            async with session.get(f"http://{host}:{settings.port(party)}/healthz") as answer:
                assert answer.status == 200


async def test_a_machine_without_ipv6_or_with_somebody_else_there_is_served_by_the_other_address(world):
    settings = with_free_ports(Settings(fresh=True))
    taken = socket.create_server(("::1", settings.port("desk")), family=socket.AF_INET6)
    with taken:
        async with (
            aiohttp.ClientSession() as session,
            running_stack(settings, parties=world.parties()),
            session.get(f"{settings.addresses.desk}/healthz") as answer,
        ):
            assert answer.status == 200


async def test_a_stream_does_not_keep_the_simulator_from_stopping(world):
    settings = with_free_ports(Settings(fresh=True))
    async with aiohttp.ClientSession() as session:
        async with running_stack(settings, parties=world.parties()):
            events = await session.get(f"{settings.addresses.desk}/api/events")
            await events.content.readline()
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_messages_older_than_what_is_kept_are_forgotten(stack):
    journal, clock = stack.runtime.journal, stack.clock
    journal.record(clock.now(), "A", "B", "AReq", {"threeDSServerTransID": "old", "dsTransID": "old-too"})
    journal.record(clock.now(), "A", "B", "AReq", {"threeDSServerTransID": "both", "dsTransID": "both-too"})
    await journal.flush()
    later = clock.now() + timedelta(hours=3)
    journal.record(later, "A", "B", "ARes", {"threeDSServerTransID": "both"})
    await journal.flush()
    await journal.forget_before(clock.now() + timedelta(hours=1))
    assert await journal.transaction_of("old") is None
    assert await journal.transaction_of("old-too") is None
    assert await journal.transaction_of("both-too") is None
    assert [entry["kind"] for entry in await journal.entries_of("both")] == ["ARes"]


async def test_forgetting_goes_on_past_one_step(stack):
    journal, clock = stack.runtime.journal, stack.clock
    for number in range(1203):
        journal.record(clock.now(), "A", "B", "AReq", {"threeDSServerTransID": f"t{number}"})
    while await journal.forget_before(clock.now() + timedelta(seconds=1)):
        pass
    assert await journal.newest(10) == []


async def test_retention_works_while_the_simulator_runs(stack):
    journal, long_ago = stack.runtime.journal, datetime(2020, 1, 1, tzinfo=UTC)
    journal.record(long_ago, "A", "B", "AReq", {"threeDSServerTransID": "old"})
    async with (
        retaining([journal.forget_before], Clock(), timedelta(hours=24), Loops()),
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        while await journal.newest(1):  # noqa: ASYNC110 - the journal tells nobody that it forgets
            await asyncio.sleep(0)


def test_a_clock_that_was_moved_ahead_forgets_nothing_early():
    ahead, behind = Clock(), Clock(frozen_at=datetime(2020, 1, 1, tzinfo=UTC))
    ahead.advance(timedelta(days=365))
    assert abs(oldest_kept(ahead, timedelta(hours=1)) - datetime.now(UTC)) < timedelta(hours=1, minutes=1)
    assert oldest_kept(behind, timedelta(hours=1)) == datetime(2019, 12, 31, 23, tzinfo=UTC)


def test_the_log_holds_no_card_number_and_no_code(capsys, monkeypatch):
    import structlog

    from acs_sim.running.process import logs

    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        logs.configure("json", "info")
        structlog.get_logger().info("paid with 4000000001000001", code="407115", acctNumber="4000000001000001")
        try:
            raise ValueError("no 4000000001000001 here")
        except ValueError:
            logging.getLogger("other").exception("failed for %s", "4000000001000001")
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = before
    written = capsys.readouterr().err
    assert written.count("400000******0001") >= 4
    assert "4000000001000001" not in written
    assert "407115" not in written
