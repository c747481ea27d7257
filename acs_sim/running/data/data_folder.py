"""The folder that a simulator keeps itself in: the databases, the master key that seals what they hold, and who uses them now."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

KEY_FILE: Final = "key"
KEY_BYTES: Final = 32

try:
    import fcntl
except (
    ImportError
):  # pragma: no cover - Windows has no such locks; there the second simulator fails on its ports instead
    fcntl = None  # type: ignore[assignment]


class FolderUnusable(RuntimeError):
    """The folder cannot be used; the message says why, in one line."""


def master_key(path: Path, databases: Iterable[Path], *, make: bool = True) -> bytes:
    """The installation's key from the file `path`, made at the first start unless `make` says not to. Databases without their
    key are not started upon: what they hold could not be opened. Errors: `FolderUnusable`."""
    folder = path.parent
    try:
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if make and not path.exists():
            _refuse_orphans(path, databases)
            write_new(path, secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise FolderUnusable(f"{error.filename or folder} cannot be used: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise FolderUnusable(f"{path} is no master key: {len(key)} bytes where {KEY_BYTES} are due")
    return key


@contextmanager
def claimed(folder: Path, parties: Iterable[str]) -> Iterator[None]:
    """Be the only one that runs these parties on `folder`; the claim ends with the process, however it ends.

    Errors: `FolderUnusable`."""
    with ExitStack() as held:
        for party in parties:
            path = folder / f"{party}.lock"
            try:
                file = held.enter_context(path.open("w"))
                if fcntl is not None:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderUnusable(
                    f"another acs-sim runs on {folder}/ already: stop it, or give this one its own --data or --fresh"
                ) from error
            except OSError as error:
                raise FolderUnusable(f"{path} cannot be used: {error.strerror}") from error
        yield


def _refuse_orphans(key: Path, databases: Iterable[Path]) -> None:
    orphan = next((path for path in databases if path.exists()), None)
    if orphan is not None:
        raise FolderUnusable(
            f"{key} is missing, and {orphan} was sealed with it: restore the key, or remove the database"
        )


def write_new(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Whole or not at all, by default readable by its owner alone; of two processes that start at once the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
