"""The plugin as users have it: the built wheel and pytest in a fresh virtual environment, and nothing to configure."""

import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from acs_sim.testing import sync
from tests.support.fresh_environment import ROOT, FreshEnvironment, fresh_environment

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "docs" / "examples" / "gateway"
# Every run is held to this: whatever warns, and whatever is not closed, fails.
STRICT = ("-m", "pytest", "-q", "-W", "error", "--strict-markers", "--strict-config", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> FreshEnvironment:
    environment = fresh_environment(tmp_path_factory.mktemp("fresh"))
    environment.add("pytest-xdist")
    environment.add("pytest-asyncio")
    return environment


@pytest.fixture
def project(tmp_path) -> Path:
    """The example project, for tests that write tests of their own beside its gateway."""
    shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "project"


def write(project: Path, source: str) -> str:
    file = project / "test_written.py"
    file.write_text(dedent(source))
    return file.name


def passed(run, count: int) -> bool:
    assert run.returncode == 0, run.stdout + run.stderr
    return f"{count} passed" in run.stdout and "warning" not in run.stdout


def test_the_environment_holds_the_wheel_and_no_plugin_but_ours(fresh, tmp_path):
    told = fresh.run("-c", "import acs_sim, sys; print(acs_sim.__file__); import xdist", cwd=tmp_path)
    assert str(fresh.site_packages) in told.stdout
    assert "No module named 'xdist'" in told.stderr


def test_the_example_project_passes_with_pytest_and_the_wheel_alone(fresh, project):
    assert passed(fresh.run(*STRICT, cwd=project), 3)


OTHERS = ("acs", "directory_server", "fixtures", "issuer_sms", "threedsecure")


def test_a_project_with_packages_of_the_same_names_keeps_them_and_passes(fresh, project):
    for name in OTHERS:
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("OWNER = 'the project'")
    written = write(
        project,
        """
        import acs, directory_server, fixtures, issuer_sms, threedsecure
        from acs_sim.testing.authentication_values import verify_emv_authentication_value

        def test_the_names_are_the_projects(threeds):
            card = threeds.card("frictionless")
            for package in (acs, directory_server, fixtures, issuer_sms, threedsecure):
                assert package.OWNER == "the project"
            assert not verify_emv_authentication_value(
                "visa", "AAIBB0lZeAAAAAABl4FmdQAAAAA=", pan=card.pan, trans_status="Y", ds_trans_id="1", purchase_amount=1,
                purchase_currency="978", purchase_date="20260615120000", version="2.2.0",
            )
        """,
    )
    assert passed(fresh.run(*STRICT, written, "test_gateway.py", cwd=project), 4)
    told = fresh.run("-m", "acs_sim", "run", "fixtures/scenarios/frictionless.yaml", cwd=project)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", OTHERS)
def test_the_wheel_brings_no_top_level_name_but_its_own(fresh, tmp_path, name):
    told = fresh.run("-c", f"import acs_sim, importlib.util; print(importlib.util.find_spec({name!r}))", cwd=tmp_path)
    assert told.stdout.strip() == "None"


def test_the_example_is_a_gateway_tested_in_forty_lines():
    assert len((EXAMPLE / "test_gateway.py").read_text().splitlines()) <= 40


def test_the_example_project_passes_with_xdist_each_worker_with_a_simulator_of_its_own(fresh, project):
    where = """
        import pathlib, pytest

        @pytest.fixture(autouse=True)
        def where(threeds, worker_id):
            pathlib.Path(f"{worker_id}.{threeds.addresses.ds.rpartition(':')[2]}").touch()
        """
    (project / "conftest.py").write_text(dedent(where))
    write(project, "def test_where(): pass")
    assert passed(fresh.run(*STRICT, "-n", "2", "--dist", "loadfile", cwd=project, beside=["pytest-xdist"]), 4)
    simulators = [path.name.split(".") for path in project.glob("gw*.*")]
    assert sorted(worker for worker, _ in simulators) == ["gw0", "gw1"]
    assert len({port for _, port in simulators}) == 2


def test_coroutines_have_the_same_without_any_other_plugin(fresh, project):
    written = write(
        project,
        """
        import asyncio
        from gateway import Gateway

        async def pay(threeds):
            gateway = Gateway(threeds.directory_server("mastercard"))
            card = await threeds.card("challenge-otp", "mastercard", tries=2)
            payment = await asyncio.to_thread(gateway.pay, card.pan, card.expiry, 100)
            transaction = await card.transaction()
            assert transaction.id == payment
            assert (await transaction.submit("wrong")).tries_left == 1
            assert (await transaction.submit(await card.phone.code())).trans_status == "Y"
            assert (await transaction.result).state == "completed"
            assert [m.message["transStatus"] for m in await transaction.messages("RReq")] == ["Y", "Y"]
            gateway.close()

        def test_it(threeds):
            asyncio.run(pay(threeds.aio))
        """,
    )
    assert passed(fresh.run(*STRICT, written, cwd=project), 1)


def test_coroutine_tests_of_pytest_asyncio_share_one_simulator_from_loops_of_their_own(fresh, project):
    written = write(
        project,
        """
        import pytest

        @pytest.mark.parametrize("turn", range(2))
        async def test_it(async_threeds, threeds, turn):
            card = await async_threeds.card("sms-lost")
            assert card.phone.number.startswith("+9999")
            assert await card.phone.latest(wait=0) is None
            assert async_threeds is threeds.aio
        """,
    )
    settings = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    assert passed(fresh.run(*STRICT, *settings, written, cwd=project, beside=["pytest-asyncio"]), 2)


def test_the_clock_is_back_at_the_wall_clock_after_a_test_that_moved_it_even_by_failing(fresh, project):
    written = write(
        project,
        """
        from datetime import UTC, datetime, timedelta

        def test_moves_it(threeds):
            threeds.clock.freeze()
            assert threeds.clock.set("2030-01-01T00:00:00Z") == datetime(2030, 1, 1, tzinfo=UTC)
            assert threeds.clock.advance(timedelta(minutes=90)) == datetime(2030, 1, 1, 1, 30, tzinfo=UTC)
            assert threeds.clock.now() == threeds.clock.now()
            raise RuntimeError("deliberate")

        def test_is_now(threeds):
            assert abs(threeds.clock.now() - datetime.now(UTC)) < timedelta(minutes=5)
        """,
    )
    run = fresh.run(*STRICT, written, cwd=project)
    assert "1 failed, 1 passed" in run.stdout
    assert "RuntimeError: deliberate" in run.stdout


def test_a_simulator_that_runs_already_is_used_when_its_address_is_given(fresh, project):
    written = write(
        project,
        """
        import subprocess, sys
        from acs_sim.testing import session

        def test_it():
            with session.simulator() as running:
                inner = [sys.executable, "-m", "pytest", "-q", "test_gateway.py", "--threeds-url", running.addresses.desk]
                done = subprocess.run(inner, capture_output=True, text=True)
                assert "3 passed" in done.stdout, done.stdout
                assert len(running.transactions()) == 3
        """,
    )
    assert passed(fresh.run(*STRICT, written, cwd=project), 1)


def test_an_address_without_a_simulator_is_said_in_one_line(fresh, project):
    run = fresh.run(*STRICT, "test_gateway.py", "--threeds-url", "http://127.0.0.1:1", "-x", cwd=project)
    assert run.returncode == 1
    assert "no 3-D Secure simulator: no simulator answers at http://127.0.0.1:1/api/addresses" in run.stdout
    assert "Traceback" not in run.stdout


def test_packs_of_other_systems_cards_are_named_in_the_ini_file(fresh, project):
    run = fresh.run(*STRICT, "test_gateway.py", "-o", "threeds_aliases=stripe strype", "-x", cwd=project)
    assert run.returncode == 1
    assert "no 3-D Secure simulator: aliases: there is no pack 'strype'" in run.stdout


def test_a_project_that_does_not_use_it_pays_nothing_for_it(fresh, project):
    written = write(
        project,
        """
        import sys

        def test_nothing_is_imported():
            ours = {"threedsecure", "acs", "directory_server", "issuer_sms", "acs_sim.testing", "acs_sim.running.stack"}
            assert not ours & set(sys.modules)
            assert not {"aiohttp", "sqlalchemy", "alembic", "lxml", "msgspec"} & set(sys.modules)
            assert "acs_sim.pytest_plugin" in sys.modules
        """,
    )
    assert passed(fresh.run(*STRICT, written, cwd=project), 1)


def blocks(document: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


def test_what_the_documents_show_passes(fresh, project):
    example = (project / "test_gateway.py").read_text()
    (project / "conftest.py").write_text(example.partition("def pay(")[0])
    shown = [block for block in [*blocks("README.md"), *blocks("docs/pytest.md")] if "threeds" in block]
    without_browser = [block for block in shown if "complete_challenge" not in block]
    for number, block in enumerate(without_browser):
        (project / f"test_shown_{number}.py").write_text(block)
    assert passed(fresh.run(*STRICT, "-k", "shown", cwd=project), 5)
    assert (len(without_browser), len(shown)) == (5, 6)


def test_the_document_names_every_member_and_no_other():
    document = (ROOT / "docs" / "pytest.md").read_text()
    table = document[document.index("| call | does |") : document.index("What waits does so")]
    kinds = {"threeds": sync.ThreeDS, "card": sync.Card, "card.phone": sync.Phone, "threeds.clock": sync.Clock}
    kinds |= {"transaction": sync.Transaction, "threeds.faults": sync.Faults}
    owner, named = "", set()
    for path, own in re.findall(
        r"`(?:((?:card\.phone|threeds\.clock|threeds\.faults|threeds|card|transaction)\.\w+)|\.(\w+))", table
    ):
        owner, name = path.rsplit(".", 1) if path else (owner, own)
        assert hasattr(kinds[owner], name) or (owner, name) in {("card", "details"), ("card", "phone")}
        named.add((owner, name))
    public = {(owner, name) for owner, kind in kinds.items() for name in vars(kind) if not name.startswith("_")}
    assert public - named == {
        ("threeds", "aio"),
        ("threeds", "clock"),
        ("threeds", "faults"),
        ("threeds.clock", "put_back"),
        ("threeds.faults", "put_back"),
    }
