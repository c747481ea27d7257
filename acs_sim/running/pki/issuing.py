"""`acs-sim pki issue`: a certificate as files."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from acs_sim.running.data.data_folder import FolderUnusable, write_new
from acs_sim.running.pki.authority import LOCAL_HOSTS
from acs_sim.running.pki.folder import authority_in

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


class CannotIssue(RuntimeError):
    """No certificate was written; the message says why, in one line."""


def issue_files(data: Path, name: str, hosts: Sequence[str], out: Path, password: str | None = None) -> list[Path]:
    """Mint a certificate for `name`, under the authority of the installation in `data` (made now if there is none yet), and write
    `NAME.pem` (certificate and authority), `NAME.key`, and with a `password` `NAME.p12` into `out`. Nothing is overwritten.

    Errors: `CannotIssue`."""
    if not _FILE_NAME.fullmatch(name):
        raise CannotIssue(f"{name!r} cannot name a file: letters, digits, dot, dash, underscore and blank, 64 at most")
    paths = [out / f"{name}.{kind}" for kind in ("pem", "key", "p12")[: 3 if password else 2]]
    if there := next((path for path in paths if path.exists()), None):
        raise CannotIssue(f"{there} exists already: remove it, or choose another name or --out")
    try:
        issued = authority_in(data).issue(name, hosts or LOCAL_HOSTS, datetime.now(UTC))
        out.mkdir(parents=True, exist_ok=True)
        contents = [issued.chain_pem, issued.key_pem(), *([issued.pkcs12(name, password.encode())] if password else [])]
        for path, content in zip(paths, contents, strict=True):
            write_new(path, content, mode=0o644 if path.suffix == ".pem" else 0o600)
    except (FolderUnusable, ValueError) as error:
        raise CannotIssue(str(error)) from error
    except OSError as error:
        raise CannotIssue(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return paths
