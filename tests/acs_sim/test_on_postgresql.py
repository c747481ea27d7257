"""The whole simulator on PostgreSQL: the key that all have to share, what is told when something is missing, and two processes."""

import sys
from pathlib import Path

import pytest

from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.settings import Settings, SettingsError, load, to_toml
from tests.acs_sim.world import World
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock


def on(address, folder, **changes):
    return with_free_ports(Settings(database=address, data=str(folder), **changes))


async def started(settings):
    async with running_stack(settings, parties=World().parties()):
        pytest.fail("it started")


def sent_out(path: Path) -> Path:
    path.write_bytes(bytes(range(32)))
    return path


async def test_two_machines_with_one_key_open_what_the_other_sealed(postgresql, tmp_path):
    address, key = postgresql.fresh_database(), sent_out(tmp_path / "key")
    async with (
        running_stack(on(address, tmp_path / "one", key_file=str(key)), parties=World().parties()) as one,
        running_stack(on(address, tmp_path / "two", key_file=str(key)), parties=World().parties()) as two,
    ):
        assert two.runtime.vault.open(one.runtime.vault.seal("407115")) == "407115"
    assert not (tmp_path / "one").exists()


async def test_a_machine_with_a_key_of_its_own_is_refused(postgresql, tmp_path):
    address = postgresql.fresh_database()
    async with running_stack(on(address, tmp_path / "one"), parties=World().parties()):
        with pytest.raises(CannotStart, match="sealed with another master key"):
            await started(on(address, tmp_path / "two"))


async def test_a_key_file_that_is_named_is_not_made(postgresql, tmp_path):
    with pytest.raises(CannotStart, match=r"nowhere.* cannot be used: No such file"):
        await started(on(postgresql.fresh_database(), tmp_path, key_file=str(tmp_path / "nowhere")))


async def test_the_key_is_not_in_the_database(postgresql, tmp_path):
    import psycopg

    address, key = postgresql.fresh_database(), sent_out(tmp_path / "key")
    async with running_stack(on(address, tmp_path, key_file=str(key)), parties=World().parties()):
        with psycopg.connect(address.replace("+psycopg", "")) as connection:
            stored = [bytes(row[0]) for row in connection.execute("SELECT content FROM shared_state")]
    assert stored
    assert not [
        content for content in stored if key.read_bytes() in content or key.read_bytes().hex().encode() in content
    ]


async def test_a_server_that_is_away_is_told_in_one_line_without_the_password(tmp_path):
    address = "postgresql://somebody:opensesame@127.0.0.1:1/acs"
    with pytest.raises(CannotStart, match=r"127\.0\.0\.1:1/acs is not reached") as error:
        await started(on(address, tmp_path))
    assert "opensesame" not in str(error.value)
    assert "\n" not in str(error.value)


async def test_without_its_driver_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CannotStart, match=r"pip install 'acs-sim\[postgresql\]'"):
        await started(on("postgresql://127.0.0.1:1/acs", tmp_path))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://somebody:opensesame@db/acs",
        "postgresql://db/acs?user=somebody&password=opensesame&sslmode=require",
    ],
)
def test_the_password_is_not_printed(address):
    settings, sources = load({"database": address}, {})
    printed = to_toml(settings, sources)
    assert "***" in printed
    assert "opensesame" not in printed


@pytest.mark.parametrize("address", ["postgresql://", "postgresql://host", "postgresql://host:port/name"])
def test_an_address_that_names_no_database_is_refused(address):
    with pytest.raises(SettingsError, match="write postgresql://"):
        load({"database": address}, {})


def test_several_processes_on_sqlite_are_refused_with_the_reason():
    with pytest.raises(SettingsError, match="SQLite has one writer"):
        load({"workers": 2}, {})
    assert load({"workers": 2, "database": "postgresql://host/name"}, {})[0].workers == 2


async def test_the_clock_moved_through_one_process_has_moved_in_the_other(postgresql, tmp_path):
    import aiohttp

    address = postgresql.fresh_database()
    async with (
        running_stack(on(address, tmp_path), clock=Clock(), parties=World().parties()) as one,
        running_stack(on(address, tmp_path), clock=Clock(), parties=World().parties()) as two,
        aiohttp.ClientSession() as session,
    ):
        async with session.post(f"{one.addresses.desk}/api/clock", json={"set": "2030-01-01T00:00:00Z"}) as answer:
            assert answer.status == 200
        assert two.clock.now().year == 2030
        async with session.post(f"{two.addresses.desk}/api/clock", json={"freeze": True}) as answer:
            assert answer.status == 200
        assert one.clock.frozen
        async with running_stack(on(address, tmp_path), clock=Clock(), parties=World().parties()) as late:
            assert late.clock.now() == one.clock.now()
