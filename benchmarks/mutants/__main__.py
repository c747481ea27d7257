"""Whether the tests would notice: mistakes are written into the code one at a time (cosmic-ray), and the tests that guard it run.

    make mutants [ARGS="--sample 30 --seed 1 states results"]

For each area its own quick tests run first, watched: the branches that they take are counted. Then so many mutants are drawn and
played in children of this process (benchmarks/mutants/playing.py); the tree is copied first, and nothing is changed here. An
unchanged module has to pass and mistakes made by hand have to be noticed, or nothing is said. Left out are mutants that change an
annotation. What survives is printed; exit status 1 when a branch is not taken or less than 95 % of an area is killed."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.mutants.areas import AREAS, Mistake
from benchmarks.mutants.drawing import Mutant, difference, drawn, statement

ROOT = Path(__file__).parents[2]
ENOUGH = 0.95
SAMPLE, SEED = 120, 14
LEFT_BEHIND = (".venv*", ".git", "node_modules", ".*_cache", "__pycache__", ".hypothesis")


class Played:
    """One area, in a copy of the tree."""

    def __init__(self, tree: Path, area: str) -> None:
        self.tree, self.area, self.folder = tree, area, tree.parent / area
        self.folder.mkdir(exist_ok=True)

    def run(self, module: str, *arguments: str) -> None:
        with (self.folder / f"{module}.log").open("w") as log:
            command = [sys.executable, "-m", f"benchmarks.mutants.{module}", self.area, *arguments]
            ended = subprocess.run(command, cwd=self.tree, stdout=log, stderr=subprocess.STDOUT, check=False)
        if ended.returncode:
            raise SystemExit((self.folder / f"{module}.log").read_text()[-3000:])

    def watched(self) -> dict[str, Any]:
        found = self.folder / "watched.json"
        if not found.exists():
            self.run("watching", str(found))
        return dict(json.loads(found.read_text())["branches"])

    def played(self, mutants: list[Mutant]) -> list[str]:
        told = [one._asdict() | {"number": number} for number, one in enumerate(mutants)]
        (self.folder / "mutants.json").write_text(json.dumps(told))
        self.run("playing", str(self.folder), "in-place")
        self.run("playing", str(self.folder), "read-anew")
        return [(self.folder / f"{number}.told").read_text() for number in range(len(mutants))]


def controls(tree: Path, area: str) -> list[Mutant]:
    """The first says nothing else than the original."""
    path = AREAS[area].mistakes[0].path
    source = (tree / path).read_text()
    return [Mutant(path, 1, 1, source, "nothing"), *(_by_hand(tree, one) for one in AREAS[area].mistakes)]


def _by_hand(tree: Path, mistake: Mistake) -> Mutant:
    source = (tree / mistake.path).read_text()
    changed = source.replace(mistake.right, mistake.wrong, 1)
    row = source[: source.index(mistake.right)].count("\n") + 1
    return Mutant(mistake.path, *statement(source, row), changed, difference(source, changed, row))


def told(tree: Path, area: str, count: int | None, seed: int) -> bool:
    """Whether enough was killed, and every branch taken."""
    began, playing, checks = time.monotonic(), Played(tree, area), controls(tree, area)
    branches = playing.watched()
    total, mutants = drawn(tree, AREAS[area].files(tree), count, seed)
    ends = playing.played([*checks, *mutants])
    if ends[0] != "survived" or "survived" in ends[1 : len(checks)] or any(one.startswith("broken") for one in ends):
        raise SystemExit(
            f"{area}: this measures nothing: {ends[: len(checks)]}, {[one for one in ends if one.startswith('broken')]}"
        )
    found = list(zip(mutants, ends[len(checks) :], strict=True))
    survivors = [one for one, end in found if end.startswith("survived")]
    late = sum(end.startswith("took") for _, end in found)
    killed = len(mutants) - len(survivors)
    print(
        f"{area}: branches {branches['taken']} of {branches['all']}, statements {branches['run']} of {branches['statements']}; "
        f"mutants {killed} of {len(mutants)} killed ({killed / len(mutants):.1%}, {late} by the time they took), "
        f"drawn from {total} with seed {seed}; {time.monotonic() - began:.0f} s"
    )
    for path, missed in branches["missed"].items():
        print(f"  not taken: {path}", *(f"{start}->{end}" for start, end in missed))
    for one in survivors:
        print(f"  survived: {one.path}:{one.first}  {one.said}", flush=True)
    (playing.folder / "ends.json").write_text(
        json.dumps([[m.path, m.first, m.said, end] for m, end in found], indent=1)
    )
    return killed >= ENOUGH * len(mutants) and not branches["missed"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("areas", nargs="*", choices=[*AREAS, []], help="all of them, when none is named")
    options.add_argument(
        "--sample", type=int, default=SAMPLE, help="how many mutants of each area are drawn; 0 for all"
    )
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument(
        "--keep", type=Path, help="where the copy and what was found out are left, to go on from there if this is ended"
    )
    given = options.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="acs-sim-mutants-"))
    if not (folder / "tree").exists():
        shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    try:
        results = [told(folder / "tree", area, given.sample or None, given.seed) for area in given.areas or AREAS]
    finally:
        if not given.keep:
            shutil.rmtree(folder)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
