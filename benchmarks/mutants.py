"""Whether the tests would notice: mistakes are written into the code one at a time (cosmic-ray), and the tests that guard it run.

    make mutants [ARGS="--sample 30 --seed 1 states results"]

Without `--sample` every mutant of every area is played, which takes a night. The tree is copied first: nothing is changed here.
Left out are those that change an annotation. What survives is printed as a patch; exit status 1 when less than 95 % of an area is
killed."""

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENOUGH = 0.95
LONGEST_SECONDS = 240
LEFT_BEHIND = (".venv", ".git", "node_modules", ".*_cache", "__pycache__")
UNSEEN = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator")
"""`str | None` is no arithmetic, and a decorator of a table is missed when it is imported."""
AREAS = {
    "v1": (
        ("threedsecure/v1",),
        ("tests/threedsecure/v1", "tests/acs/test_classic.py", "tests/directory_server/test_classic.py"),
    ),
    "v2": (("threedsecure/v2",), ("tests/threedsecure/v2",)),
    "states": (
        (
            "acs/v1/states.py",
            "acs/v2/states.py",
            "acs/v1/lifecycle.py",
            "acs/v2/lifecycle.py",
            "directory_server/transactions/states.py",
        ),
        (
            *(
                "tests/acs/test_step.py",
                "tests/acs/test_answers.py",
                "tests/acs/test_challenge.py",
                "tests/acs/test_classic.py",
            ),
            *(
                "tests/acs/test_deadlines.py",
                "tests/acs/test_decision.py",
                "tests/acs/test_methods.py",
                "tests/acs/test_app_challenge.py",
            ),
            *(
                "tests/acs/test_endings.py",
                "tests/acs/test_results.py",
                "tests/directory_server/test_states.py",
                "tests/acs/test_model.py",
            ),
        ),
    ),
    "challenge": (
        ("acs/v2/challenge", "acs/cardholder/challenge.py", "acs/cardholder/securecode.py"),
        (
            *(
                "tests/acs/test_challenge.py",
                "tests/acs/test_creq.py",
                "tests/acs/test_answers.py",
                "tests/acs/test_methods.py",
            ),
            *("tests/acs/test_app_challenge.py", "tests/acs/test_app_errors.py", "tests/acs/test_app_screens.py"),
            *("tests/acs/test_securecode.py", "tests/acs/test_step.py", "tests/acs/test_deadlines.py"),
        ),
    ),
    "results": (
        ("acs/v2/results", "directory_server/results"),
        (
            *("tests/acs/test_results.py", "tests/acs/test_delivery.py"),
            *(
                "tests/directory_server/test_results.py",
                "tests/directory_server/test_duties.py",
                "tests/acs/test_crash.py",
            ),
        ),
    ),
}


def played(tree: Path, area: str, sample: int | None, seed: int) -> bool:
    """Whether enough was killed."""
    modules, tests = AREAS[area]
    session, config = tree.parent / f"{area}.sqlite", tree.parent / f"{area}.toml"
    command = f"{sys.executable} -m pytest -q -x -p no:cacheprovider {' '.join(tests)}"
    told = f"module-path = {json.dumps(modules)}\ntimeout = {LONGEST_SECONDS}\nexcluded-modules = []\n"
    config.write_text(
        f'[cosmic-ray]\n{told}test-command = {json.dumps(command)}\n\n[cosmic-ray.distributor]\nname = "local"\n'
    )
    if subprocess.run(command.split(), cwd=tree, check=False).returncode:
        raise SystemExit(f"{area}: its tests fail before anything is changed")
    cosmic_ray(tree, "init", str(config), str(session))
    total, chosen = sampled(session, sample, seed)
    cosmic_ray(tree, "exec", str(config), str(session))
    survivors = list(survived(session))
    killed = chosen - len(survivors)
    print(
        f"{area}: {killed} of {chosen} killed ({killed / chosen:.1%}), drawn from {total} with seed {seed}", flush=True
    )
    for patch in survivors:
        print(patch, flush=True)
    return killed >= ENOUGH * chosen


def cosmic_ray(tree: Path, *arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / "cosmic-ray"), *arguments], cwd=tree, check=True)


def sampled(session: Path, sample: int | None, seed: int) -> tuple[int, int]:
    """How many mutants there are, and how many of them are left."""
    with sqlite3.connect(session) as database:
        specs = database.execute(
            "SELECT job_id FROM mutation_specs WHERE " + " AND ".join("operator_name NOT LIKE ?" for _ in UNSEEN)
            + " ORDER BY module_path, start_pos_row, start_pos_col, operator_name, occurrence",
            [f"{name}%" for name in UNSEEN],
        ).fetchall()  # fmt: skip
        names = [row[0] for row in specs]
        kept = names if sample is None else random.Random(seed).sample(names, min(sample, len(names)))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({','.join('?' * len(kept))})", kept)
    return len(names), len(kept)


def survived(session: Path) -> Sequence[str]:
    with sqlite3.connect(session) as database:
        found = database.execute("SELECT diff FROM work_results WHERE test_outcome = 'SURVIVED'").fetchall()
    return [row[0] for row in found]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("areas", nargs="*", choices=[*AREAS, []], help="all of them, when none is named")
    options.add_argument("--sample", type=int, help="draw as many mutants of each area")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="acs-sim-mutants-") as folder:
        tree = Path(folder, "tree")
        shutil.copytree(
            ROOT,
            tree,
            ignore=shutil.ignore_patterns(*LEFT_BEHIND),
        )
        results = [played(tree, area, given.sample, given.seed) for area in given.areas or AREAS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
