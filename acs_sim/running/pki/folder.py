"""Where the authority lives between two starts: `tls/` in the data folder.

`ca.pem` is for everybody, `authority.pem` for nobody. `revoked` holds a serial number a line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from acs_sim.running.data.data_folder import FolderUnusable, write_new
from acs_sim.running.pki.authority import Authority
from acs_sim.running.pki.revoked import Revoked

FOLDER: Final = "tls"
AUTHORITY_FILE: Final = "authority.pem"
CERTIFICATE_FILE: Final = "ca.pem"
REVOKED_FILE: Final = "revoked"


def certificate_file(data: Path) -> Path:
    """What a caller of the simulator is to trust, once there is an authority."""
    return data / FOLDER / CERTIFICATE_FILE


def revoked_in(data: Path) -> Revoked:
    return Revoked(data / FOLDER / REVOKED_FILE)


def authority_in(data: Path) -> Authority:
    """The authority of the installation whose data folder is `data`, made at the first start. Key and certificate are one file, so
    that two processes which start at once agree on both. Errors: `FolderUnusable`."""
    folder = data / FOLDER
    path = folder / AUTHORITY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            write_new(path, Authority.create(datetime.now(UTC)).to_pem())
        authority = Authority.from_pem(path.read_bytes())
        if not certificate_file(data).exists():
            write_new(certificate_file(data), authority.certificate_pem, mode=0o644)
    except OSError as error:
        raise FolderUnusable(f"{error.filename or folder} cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise FolderUnusable(f"{path} is no authority of this simulator: {error}") from error
    return authority
