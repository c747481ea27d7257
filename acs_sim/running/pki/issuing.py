"""`acs-sim pki issue`: a certificate as files."""

import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from acs_sim.running.data.data_folder import FolderUnusable, write_new
from acs_sim.running.pki.authority import LOCAL_HOSTS, Terms
from acs_sim.running.pki.folder import authority_in, certificate_file, revoked_in
from acs_sim.running.pki.wrong import issue
from acs_sim.settings.certificates import ROLES

LOOK_SECONDS: Final = 2.0
MOST_BYTES: Final = 64 * 1024
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


class CannotIssue(RuntimeError):
    """No certificate was written; the message says why, in one line."""


def issue_files(
    data: Path,
    name: str,
    hosts: Sequence[str],
    out: Path,
    password: str | None = None,
    desk: str | None = None,
    *,
    role: str | None = None,
    wrong: str | None = None,
    revocation: str | None = None,
) -> list[Path]:
    """Mint a certificate for `name`, under the authority of the installation in `data` (made now if there is none yet), and write
    `NAME.pem` (certificate and authority), `NAME.key`, and with a `password` `NAME.p12` into `out`. Nothing is overwritten.

    `desk`: where a simulator may run that has another authority, whose parties would not know the certificate. `role`, `wrong`: of
    `acs_sim.settings.certificates`. `revocation`: where peers may ask whether it is revoked. Errors: `CannotIssue`."""
    if not _FILE_NAME.fullmatch(name):
        raise CannotIssue(f"{name!r} cannot name a file: letters, digits, dot, dash, underscore and blank, 64 at most")
    paths = [out / f"{name}.{kind}" for kind in ("pem", "key", "p12")[: 3 if password else 2]]
    if there := next((path for path in paths if path.exists()), None):
        raise CannotIssue(f"{there} exists already: remove it, or choose another name or --out")
    _check_no_other(data, desk)
    try:
        terms = Terms.of(name, hosts or LOCAL_HOSTS, datetime.now(UTC), ROLES[role] if role else None, revocation)
        issued = issue(authority_in(data), terms, revoked_in(data), wrong)
        out.mkdir(parents=True, exist_ok=True)
        contents = [issued.chain_pem, issued.key_pem(), *([issued.pkcs12(name, password.encode())] if password else [])]
        for path, content in zip(paths, contents, strict=True):
            write_new(path, content, mode=0o644 if path.suffix == ".pem" else 0o600)
    except (FolderUnusable, ValueError) as error:
        raise CannotIssue(str(error)) from error
    except OSError as error:
        raise CannotIssue(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return paths


def _check_no_other(data: Path, desk: str | None) -> None:
    """Errors: `CannotIssue` where the simulator that runs has an authority that is not the one in `data`."""
    running = _authority_at(desk) if desk is not None else None
    known = certificate_file(data)
    if running is None or (known.exists() and known.read_bytes().strip() == running.strip()):
        return
    raise CannotIssue(
        f"the simulator at {desk} has another authority than {data}/: give the --data that it runs with (one that runs with "
        "--fresh has its authority in memory: start it with --data)"
    )


def _authority_at(desk: str) -> bytes | None:
    """What a simulator with TLS gives at /api/ca.pem; None where none answers. Nothing is believed of it but that it differs."""
    address = urlsplit(desk)
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection(address.hostname or "", address.port, timeout=LOOK_SECONDS, context=anyone)
    try:
        connection.request("GET", "/api/ca.pem")
        answer = connection.getresponse()
        return answer.read(MOST_BYTES) if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
