"""A fresh virtual environment with the built wheel, for tests of what users install.

Nothing is downloaded: the wheel is built and installed by the locked build tools, and each distribution that it or pytest requires
is linked from the environment that runs the tests. Whatever is not required is not there.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 300
RUN_SECONDS = 300


@dataclass
class FreshEnvironment:
    """`beside` holds more distributions, by name of a folder that a run can be given."""

    folder: Path
    beside: dict[str, Path] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def add(self, name: str) -> None:
        """Link `name` and what it requires beyond what is there into a folder of its own."""
        self.beside[name] = self.folder / f"beside-{name}"
        self.beside[name].mkdir()
        there = {canonicalize_name(one.name) for one in distributions(path=[str(self.site_packages)])}
        _link(sorted(set(_closure([name])) - there), self.beside[name])

    @property
    def site_packages(self) -> Path:
        return next((self.folder / "lib").glob("python*/site-packages"))

    def run(self, *arguments: str, cwd: Path, beside: Iterable[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python in `cwd`, with the named additions."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "PYTHON", "ACS_SIM_", "VIRTUAL_ENV"))
        }
        environment["PYTHONPATH"] = os.pathsep.join(str(self.beside[name]) for name in beside)
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )


def fresh_environment(folder: Path) -> FreshEnvironment:
    """With the wheel, pytest, and what those two require."""
    wheel = built("wheel", folder)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    fresh = FreshEnvironment(folder / "venv")
    _run("-m", "pip", "--python", str(fresh.python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    installed = next(iter(distributions(path=[str(fresh.site_packages)])))
    _link(_closure(["pytest", *(str(one) for one in _required(installed))]), fresh.site_packages)
    return fresh


def copy_what_is_required(site_packages: Path) -> None:
    """Every distribution that acs-sim requires with its extras `fast` and `postgresql`, copied."""
    names = _closure([*_required(distribution("acs-sim")), "uvloop", "psycopg", "psycopg-binary"])
    for source, target in _placed(names, site_packages):
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def built(kind: str, folder: Path, source: Path = ROOT) -> Path:
    """The `wheel` or the `sdist` of what is in `source`."""
    _run("-m", "hatchling", "build", "-t", kind, "-d", str(folder), cwd=source)
    return next(path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz")[kind == "sdist"]))


def _run(*arguments: str, cwd: Path = ROOT) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _closure(names: Iterable[str]) -> list[str]:
    """The distributions that must be there, by their normalised names."""
    found: list[str] = []
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting.extend(_required(distribution(name)))
    return found


def _required(one: Distribution) -> Iterator[str]:
    for text in one.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _link(names: Iterable[str], site_packages: Path) -> None:
    for source, target in _placed(names, site_packages):
        target.symlink_to(source)


def _placed(names: Iterable[str], site_packages: Path) -> Iterator[tuple[Path, Path]]:
    """Each file and folder of the distributions at the top of where they are, and where it is to stand."""
    for one in map(distribution, names):
        tops = {file.parts[0] for file in one.files or () if file.parts[0] not in {"..", "__pycache__"}}
        yield from ((Path(str(one.locate_file(top))), site_packages / top) for top in tops)
