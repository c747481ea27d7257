"""README and docs say what is so: their addresses exist, their cards do what they say, their commands are commands."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from click.shell_completion import BashComplete
from click.testing import CliRunner

from acs_sim.commands.cli import main
from acs_sim.desk.operations import OPERATIONS
from acs_sim.settings.settings import FIELDS
from threedsecure.cards.scenarios import ALL_SCENARIOS
from threedsecure.cards.test_cards import PREFIXES, read

ROOT = Path(__file__).parents[2]
LLMS = (ROOT / "llms.txt").read_text()
README = (ROOT / "README.md").read_text()
SKILL = ROOT / "skills" / "acs-sim" / "SKILL.md"
DOCUMENTS = [
    ROOT / "README.md",
    SKILL,
    *(ROOT / "docs" / f"{name}.md" for name in ("control-api", "configuration", "namespaces", "pytest", "rules")),
]
CALL = re.compile(r"curl[^\n]*?localhost:8000(/[^\s'?\[]*)([^\n]*)")


def calls():
    return [match for document in DOCUMENTS for match in CALL.finditer(document.read_text())]


@pytest.mark.parametrize("match", calls(), ids=lambda match: match[0][:60])
def test_every_call_that_is_shown_is_a_call_of_the_api(match):
    path = re.sub(r"/ID|/4000000001000001|/team-a", "/{}", match[1])
    if path in {"/readyz", "/api/events"}:
        return
    line = match[0]
    asked = re.search(r"-X ([A-Z]+)", line)
    method = asked[1] if asked else "POST" if " --json " in line else "GET"
    known = {(one.method, re.sub(r"{\w+}", "{}", one.path)): one for one in OPERATIONS}
    assert (method, path) in known
    body = re.search(r"--json '([^']*)'", line)
    if body is not None:
        assert any(is_read_as(body[1], kind) for kind in known[method, path].bodies)


def is_read_as(text, kind):
    try:
        msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return False
    return True


def test_the_readme_explains_every_prefix():
    grammar = README[README.index("4000000 0 0 10 0000 1") :]
    for prefix in PREFIXES.values():
        assert prefix in grammar


def test_every_full_card_number_in_the_documents_is_one_of_ours():
    for document in DOCUMENTS:
        for number in re.findall(
            r"(?<![0-9])(?:[0-9]{4} ){3}[0-9]{4}(?![0-9])|(?<![0-9])[0-9]{16}(?![0-9])", document.read_text()
        ):
            assert read(number.replace(" ", "")) is not None


def test_every_command_that_is_shown_is_understood():
    for document in DOCUMENTS:
        for line in re.findall(r"^(?:\$ )?(?:ACS_SIM_\w+=\S+ )?acs-sim ([^#\n]+)", document.read_text(), re.MULTILINE):
            command, *options = line.split()
            assert command in main.commands
            flags = [option for option in options if option.startswith("--")]
            shown = CliRunner().invoke(main, [command, "--help"]).output
            assert all(flag in shown or flag.removeprefix("--") in FIELDS for flag in flags)


def test_every_link_within_the_repository_leads_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists()


def test_llms_txt_lists_every_document_and_no_other():
    listed = re.findall(r"^- \[.+?\]\(https://github\.com/acs-sim/acs-sim/blob/main/(\S+)\): .+$", LLMS, re.MULTILINE)
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")} | {
        "README.md",
        "CONTRIBUTING.md",
        "clients/typescript/README.md",
        "skills/acs-sim/SKILL.md",
    }
    assert sorted(listed) == sorted(there)


def test_the_skill_says_what_it_is_for_and_names_scenarios_that_there_are():
    _, head, text = SKILL.read_text().split("---\n", 2)
    told = yaml.safe_load(head)
    assert told["name"] == SKILL.parent.name
    assert 100 < len(told["description"]) <= 1024
    first = text[text.index("## What to test first") :]
    named = {name for name in re.findall(r"`([a-z-]+)`", text) if "-" in name and name != "acs-sim"}
    assert named <= ALL_SCENARIOS.keys()
    assert len(set(re.findall(r"`([a-z-]+)`", first)) & ALL_SCENARIOS.keys()) >= 6


def test_the_api_document_names_every_call():
    text = (ROOT / "docs" / "control-api.md").read_text()
    for operation in OPERATIONS:
        assert re.search(rf"`{operation.method} {re.escape(operation.path)}", text)


@pytest.mark.parametrize(
    ("typed", "incomplete", "completed"),
    [([], "che", ["check"]), (["docs"], "--t", ["--to"]), (["up"], "--see", ["--seed"])],
)
def test_a_shell_completes_commands_and_flags(typed, incomplete, completed):
    shell = BashComplete(main, {}, "acs-sim", "_ACS_SIM_COMPLETE")
    assert [one.value for one in shell.get_completions(typed, incomplete)] == completed
    assert "_ACS_SIM_COMPLETE=bash_complete" in shell.source()
