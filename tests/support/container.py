"""The image of the Dockerfile without a builder: its steps are run in a root file system of its own that lies over this machine's.

Linux and root are needed. Nothing is downloaded: what pip would bring is copied from the environment that runs the tests.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fresh_environment import built, copy_what_is_required
from tests.support.patience import PATIENCE_SECONDS


@dataclass
class Image:
    """What the Dockerfile says: the steps of all stages, and how the last one is run."""

    runs: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    folder: str = "/"
    health: str = ""
    command: list[str] = field(default_factory=list)


def read(dockerfile: str) -> Image:
    """Errors: `AssertionError` at an instruction that is not read here yet."""
    image = Image()
    for line in dockerfile.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        match word:
            case "RUN":
                image.runs.append(rest)
            case "ENV":
                image.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
            case "USER":
                image.user = rest
            case "WORKDIR":
                image.folder = rest
            case "HEALTHCHECK":
                image.health = rest.partition("CMD ")[2]
            case "ENTRYPOINT" | "CMD":
                image.command += json.loads(rest)
            case "" | "#" | "FROM" | "COPY" | "VOLUME" | "EXPOSE":
                pass
            case _:
                raise AssertionError(f"the tests do not know the instruction {word}")
    return image


@contextmanager
def root_file_system(folder: Path) -> Iterator[Path]:
    """This machine's files with a layer of their own on top, so that nothing here is changed."""
    for name in ("changes", "work", "root"):
        (folder / name).mkdir(parents=True)
    layers = f"lowerdir=/,upperdir={folder / 'changes'},workdir={folder / 'work'}"
    root = folder / "root"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)


def build(image: Image, root: Path) -> None:
    """Run its steps one after the other. This machine's Python, which others may not enter, stands in for the base image's."""
    for folder in Path(sys.base_prefix).parents:
        (root / folder.relative_to("/")).chmod(0o755)
    for step in image.runs:
        if "--require-hashes" in step:
            copy_what_is_required(next(root.glob("opt/acs-sim/lib/python*/site-packages")))
        elif step.endswith(" ."):
            wheel = built("wheel", root)
            run(root, step.replace(" .", f" --no-index /{wheel.name}"))
        else:
            run(root, step)


def run(root: Path, step: str) -> None:
    subprocess.run(["chroot", root, "sh", "-c", step], check=True, timeout=PATIENCE_SECONDS)


@dataclass(frozen=True)
class Container:
    """A running image. `process` is `unshare`, which ends as process 1 inside does."""

    image: Image
    root: Path
    process: subprocess.Popen[bytes]

    def run(self, *command: str) -> str:
        """Run a command beside it; what it prints. Errors: `CalledProcessError`."""
        inside = ["nsenter", f"--target={self.first}", "--net", "--pid", f"--root={self.root}", f"--wd={self.root}"]
        done = subprocess.run(
            [*inside, *as_user(self.image, command)], check=True, capture_output=True, timeout=PATIENCE_SECONDS
        )
        return done.stdout.decode()

    def is_healthy(self) -> bool:
        """As its HEALTHCHECK finds it."""
        try:
            self.run("sh", "-c", self.image.health)
        except (subprocess.CalledProcessError, IndexError):  # it answers not yet, or is not there yet
            return False
        return True

    def stop(self) -> int:
        """SIGTERM to process 1, as a container's end begins; its exit code."""
        subprocess.run(["kill", "-TERM", self.first], check=True)
        return self.process.wait(PATIENCE_SECONDS)

    @property
    def first(self) -> str:
        """Process 1, by its number out here."""
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0]


def as_user(image: Image, command: Sequence[str]) -> list[str]:
    """With the image's user and its environment alone."""
    user = ["setpriv", f"--reuid={image.user}", f"--regid={image.user}", "--clear-groups", "--no-new-privs"]
    return [*user, "env", "-i", *(f"{name}={value}" for name, value in image.environment.items()), *command]


@contextmanager
def running(image: Image, root: Path) -> Iterator[Container]:
    """The image's command as process 1 with a network of its own. It is killed when the context ends."""
    alone = [
        "unshare",
        "--pid",
        "--net",
        "--mount",
        "--fork",
        "--mount-proc",
        f"--root={root}",
        f"--wd={image.folder}",
    ]
    command = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", *as_user(image, image.command)]
    with subprocess.Popen([*alone, *command]) as process:
        container = Container(image, root, process)
        try:
            yield container
        finally:
            if process.poll() is None:
                subprocess.run(["kill", "-KILL", container.first], check=True)
