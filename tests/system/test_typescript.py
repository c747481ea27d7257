"""The TypeScript client as its users have it: installed by npm, checked by the compiler, run by Playwright Test and by Cypress."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acs_sim.test_pipelines import FILES
from tests.support.browser import executable

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
NOT_THE_SOURCE = shutil.ignore_patterns("node_modules", "dist", "test-results")
STEP_SECONDS = 600
CYPRESS = ROOT / ".venv" / "cypress" / "node_modules"


def npm(folder: Path, *arguments: str) -> str:
    """What a command of npm prints; it has to succeed."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ACS_SIM_")},
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
        "PYTHONPATH": str(ROOT),
        "THREEDS_COMMAND": f"{sys.executable} -m acs_sim",
        "CHROMIUM": executable(),
        "NO_COLOR": "1",
    }
    command = ["npm", "--no-audit", "--no-fund", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=STEP_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Path:
    """A copy with what it needs to be built, and built."""
    folder = tmp_path_factory.mktemp("client") / "typescript"
    shutil.copytree(CLIENT, folder, ignore=NOT_THE_SOURCE)
    npm(folder, "ci")
    npm(folder, "run", "build")
    return folder


def test_the_types_are_those_of_the_openapi_document(client):
    npm(client, "run", "types")
    assert (client / "src" / "openapi.ts").read_text() == (CLIENT / "src" / "openapi.ts").read_text()


@pytest.mark.browser
def test_its_own_tests_are_well_typed_and_pass_in_playwright_test(client):
    npm(client, "run", "check")
    assert " 11 passed" in npm(client, "test")


@pytest.fixture(scope="module")
def cypress(client) -> Path:
    """Its command, with which the client finds its types, too."""
    if not CYPRESS.exists():
        pytest.skip(
            "there is no program of Cypress for this machine in the registry (tests/support/install-cypress.sh)"
        )
    (client / "node_modules" / "cypress").symlink_to(CYPRESS / "cypress")
    return CYPRESS / ".bin" / "cypress"


def test_the_example_for_cypress_is_well_typed(client, cypress):
    npm(client, "exec", "--", "tsc", "--project", "test/cypress")


@pytest.mark.browser
def test_cypress_plays_the_example_and_a_cardholder_at_the_banks_page(client, cypress):
    printed = npm(
        client, "exec", "--", str(cypress), "run", "--quiet", "--config-file", "test/cypress/cypress.config.ts"
    )
    assert re.findall(r"✓ ([^(]+) \(", printed) == [
        "takes the right code",
        "is through with the code from the phone",
        "is refused after the last wrong one",
    ]


def test_the_package_holds_what_was_built_and_nothing_else(client):
    (packed,) = json.loads(npm(client, "pack", "--json", "--dry-run"))
    paths = {file["path"] for file in packed["files"]}
    assert {"package.json", "README.md", "dist/index.js", "dist/index.d.ts", "dist/playwright.js"} <= paths
    assert all(path.startswith("dist/") or path in {"package.json", "README.md"} for path in paths)


def test_the_wrong_gateways_of_both_languages_send_the_same_areq():
    own = json.loads((CLIENT / "examples" / "areq.json").read_text())
    assert own == json.loads(FILES["areq.json"])


def test_the_gateway_of_the_example_has_sixty_lines_at_most():
    assert len((CLIENT / "examples" / "gateway.ts").read_text().splitlines()) <= 60
