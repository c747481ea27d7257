"""The unit file and compose.yaml of the documents: settings that exist, commands that start the product, paths that are there."""

import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from acs_sim.commands.cli import main
from acs_sim.settings.addresses import PORT_OFFSETS
from acs_sim.settings.settings import load

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "operations"
UNIT = EXAMPLES / "acs-sim.service"
COMPOSE = EXAMPLES / "compose.yaml"


def unit():
    parser = RawConfigParser(strict=True)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return parser


def service(name):
    return yaml.safe_load(COMPOSE.read_text())["services"][name]


def environment():
    """Of the container, with the password as compose puts it in."""
    return {
        name: str(value).replace("${ACS_SIM_PASSWORD}", "opensesame")
        for name, value in service("acs-sim")["environment"].items()
    }


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        (unit()["Service"]["ExecStart"], dict(one.split("=", 1) for one in unit()["Service"]["Environment"].split())),
        (shlex.split(service("acs-sim")["command"])[-1].rpartition("exec ")[2], environment()),
    ],
    ids=["unit", "compose"],
)
def test_the_command_starts_the_product_with_settings_that_exist(command, variables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert Path(program).name == "acs-sim"
    done = CliRunner().invoke(main, [*arguments, "--print-config"], env=variables)
    assert done.exit_code == 0, done.output
    assert done.output.count("# environment") == len(variables)


def test_compose_publishes_every_port_on_this_machine_alone_and_waits_for_its_database():
    ours, settings = service("acs-sim"), load({}, environment())[0]
    assert ours["ports"] == [f"127.0.0.1:{8000 + offset}:{8000 + offset}" for offset in sorted(PORT_OFFSETS.values())]
    assert settings.postgresql == "postgresql://acs:opensesame@database/acs"
    database = service("database")["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == ("acs", "acs")
    assert ours["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert f":{settings.port('ds')}/readyz" in ours["healthcheck"]["test"][-1]


def test_compose_mounts_the_project_and_its_data_where_the_settings_say():
    mounted = dict(volume.split(":")[:2] for volume in service("acs-sim")["volumes"])
    [(source, target)] = [(source, target) for source, target in mounted.items() if source.startswith(".")]
    assert (EXAMPLES / source / "pyproject.toml").is_file()
    assert re.search(rf"pip install [^&]*'{target}\[fast,postgresql\]'", service("acs-sim")["command"])
    assert mounted["data"] == environment()["ACS_SIM_DATA"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_nothing_wrong_with_the_unit_but_that_it_is_not_installed():
    done = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert [line for line in complaints if "is not executable" not in line] == []
