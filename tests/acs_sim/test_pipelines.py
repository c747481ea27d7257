"""The documented way from nothing to a red build, and the GitHub Action and the GitLab template, run as their runners do: the
steps' own shell, and `acs-sim` from the wheel."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from acs_sim.settings.settings import Settings
from tests.acs_sim.test_cli import ENVIRONMENT
from tests.support.fresh_environment import ROOT, FreshEnvironment, fresh_environment
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports

pytestmark = pytest.mark.slow

DOCUMENT = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w.]+)`, [^\n]+:\n\n```\w+\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))
"""The files that the document has its reader type, by name."""
COMMANDS = re.findall(r"^```sh\n(\S+ [^\n]*(gateway\.\w+).*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
FIVE_MINUTES = 300
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TEMPLATE = yaml.safe_load((ROOT / "templates" / "acs-sim.gitlab-ci.yml").read_text())[".acs-sim"]
INSTALL, PLAY = (step for step in ACTION["runs"]["steps"] if "run" in step)
RULE, ELEMENT = "results-answered-wrongly", "acsTransID"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> FreshEnvironment:
    return fresh_environment(tmp_path_factory.mktemp("fresh"))


@pytest.fixture
def settings(tmp_path) -> Settings:
    """The simulator's addresses, in the settings of the folder, which has the documented files."""
    settings = with_free_ports(Settings())
    (tmp_path / "acs-sim.toml").write_text("".join(f'{party}-url = "{url}"\n' for party, url in settings.addresses))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return settings


@pytest.fixture
def purchases(tmp_path, settings) -> Iterator[str]:
    """Where the wrong gateway of the documentation takes purchases."""
    port = str(with_free_ports(Settings()).port("shop"))
    gateway = subprocess.Popen([sys.executable, str(tmp_path / "gateway.py"), port, settings.addresses.ds])
    try:
        until_it_listens(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/purchases"
    finally:
        gateway.kill()
        gateway.wait()


def until_it_listens(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_SECONDS).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            continue
    raise TimeoutError(url)


def shell(script: str, folder: Path, fresh: FreshEnvironment, variables: dict[str, str], name: str = "bash"):
    environment = {**ENVIRONMENT, "PATH": f"{fresh.python.parent}:{ENVIRONMENT['PATH']}", **variables}
    command = [name, "-eo", "pipefail", "-c", script] if name == "bash" else [name, "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def inputs(**given: str) -> dict[str, str]:
    """The environment of a step of the action, from its defaults and what a workflow gives."""
    values = {name: one["default"] for name, one in ACTION["inputs"].items()} | given
    return {name: values[text.split("inputs.")[1].split(" ")[0]] for name, text in PLAY["env"].items()}


def names_the_mistake(junit: Path, ctrf: Path) -> bool:
    failure = ElementTree.parse(junit).find(".//failure")
    assert failure is not None
    (test,) = json.loads(ctrf.read_text())["results"]["tests"]
    assert test["status"] == "failed"
    return all(word in text for word in (RULE, ELEMENT) for text in (failure.attrib["message"], test["message"]))


def test_the_action_fails_a_wrong_gateway_and_annotates_rule_element_and_clause(fresh, tmp_path, purchases):
    scenario = tmp_path / "challenge.yaml"
    done = shell(PLAY["run"], tmp_path, fresh, inputs(scenarios=f"{scenario}\n\n", against=purchases))
    assert done.returncode == 1, done.stdout + done.stderr
    reports = tmp_path / "acs-sim-reports"
    assert names_the_mistake(reports / "acs-sim.junit.xml", reports / "acs-sim.ctrf.json")
    assert (reports / "acs-sim.html").stat().st_size > 1000
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("::error") and f"title={RULE}::" in line]
    assert f"file={scenario},line=2," in line
    assert ELEMENT in line
    assert "%0AEMV 3-D Secure, Annex B, RRes" in line


def test_the_action_passes_the_same_gateway_where_only_the_scenario_counts(fresh, tmp_path, purchases):
    given = inputs(scenarios=str(tmp_path / "challenge.yaml"), against=purchases, convict="false")
    done = shell(PLAY["run"], tmp_path, fresh, given)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_gateway_the_action_plays_what_is_chosen_of_the_library(fresh, tmp_path):
    done = shell(PLAY["run"], tmp_path, fresh, inputs(only="frictionless and not faults"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout


def test_the_gitlab_job_fails_a_wrong_gateway_and_keeps_its_reports(fresh, tmp_path, purchases):
    variables = TEMPLATE["variables"] | {
        "THREEDS_SCENARIOS": str(tmp_path / "challenge.yaml"),
        "THREEDS_AGAINST": purchases,
    }
    done = shell("\n".join(TEMPLATE["script"]), tmp_path, fresh, variables, "sh")
    assert done.returncode == 1, done.stdout + done.stderr
    junit = tmp_path / TEMPLATE["artifacts"]["reports"]["junit"]
    assert names_the_mistake(junit, junit.with_name("acs-sim.ctrf.json"))
    assert junit.parent == tmp_path / TEMPLATE["artifacts"]["paths"][0]


def test_both_install_the_published_package_unless_told_otherwise():
    assert INSTALL["run"] == 'python -m pip install --quiet "$PACKAGE"'
    assert TEMPLATE["before_script"] == ['python -m pip install --quiet "$THREEDS_PACKAGE"']
    assert ACTION["inputs"]["package"]["default"] == TEMPLATE["variables"]["THREEDS_PACKAGE"] == "acs-sim"


@pytest.mark.parametrize("gateway", ["gateway.py", "gateway.ts"])
def test_the_wrong_gateways_have_sixty_lines_at_most(gateway):
    assert len(FILES[gateway].splitlines()) <= 60


@pytest.fixture(scope="module")
def nothing(tmp_path_factory) -> dict[str, str]:
    """The environment of a machine on which nothing was installed but uv, Python and Node.js."""
    caches = {name: str(tmp_path_factory.mktemp("cache")) for name in ("UV_CACHE_DIR", "npm_config_cache")}
    return {**ENVIRONMENT, **caches, "PATH": f"{sysconfig.get_path('scripts')}:{ENVIRONMENT['PATH']}"}


@pytest.mark.parametrize("gateway", ["gateway.py", "gateway.ts"])
def test_from_nothing_to_a_red_build_that_names_the_mistake(gateway, fresh, nothing, settings, tmp_path):
    (commands,) = [commands for commands, named in COMMANDS if named == gateway]
    port = str(with_free_ports(Settings()).port("shop"))
    (wheel,) = fresh.folder.parent.glob("*.whl")
    elsewhere = {"http://localhost:8100": settings.addresses.ds, "9000": port, "uvx ": f"uvx --from {wheel} "}
    for here, there in elsewhere.items():
        assert here in commands
        commands = commands.replace(here, there)
    begun = time.monotonic()
    with (tmp_path / "told").open("w") as log:  # not a pipe, which the gateway would keep open
        build = subprocess.Popen(
            ["bash", "-e", "-c", commands], cwd=tmp_path, env=nothing, stdout=log, stderr=log, start_new_session=True
        )
        try:
            build.wait(FIVE_MINUTES)
        finally:
            os.killpg(build.pid, signal.SIGKILL)  # the gateway goes on listening
    told = (tmp_path / "told").read_text()
    assert build.returncode == 1, told
    assert time.monotonic() - begun < FIVE_MINUTES
    assert f"({RULE})" in told
    assert names_the_mistake(tmp_path / "threeds.xml", tmp_path / "threeds.json")
