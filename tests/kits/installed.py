"""Public client libraries of the two payment pages, as the registry has them: fetched once, by their hashes, and never changed.

They are read from a folder beside the environment's packages and not installed, since what they plug into is not here.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

LOCK = Path(__file__).parents[2] / "requirements" / "kits.lock"
BUILDING = Path(__file__).parent / "building"
FOLDER = Path(sys.prefix) / "kits"


def kits() -> Path:
    """The folder that holds the packages of the kits; made anew when the locked ones have changed."""
    with (Path(sys.prefix) / "kits.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        stamp = FOLDER / LOCK.name
        if not stamp.is_file() or stamp.read_bytes() != LOCK.read_bytes():
            shutil.rmtree(FOLDER, ignore_errors=True)
            _fetch(FOLDER)
            shutil.copy(LOCK, stamp)
    return FOLDER


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        archives = Path(made)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
        locked = ("--require-hashes", "-r", str(LOCK), "--no-build-isolation", "-d", made)
        environment = {**os.environ, "PYTHONPATH": str(BUILDING)}
        subprocess.run([*pip, *locked], check=True, env=environment)
        for archive in archives.iterdir():
            _unpack(archive, folder)


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        return
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            _, _, member.name = member.name.partition("/")
            if member.name:
                packed.extract(member, folder, filter="data")
