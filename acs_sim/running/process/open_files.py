"""How many files and connections a process may have open: systems begin with a low figure, and let it be raised."""

from typing import Final

WANTED: Final = 65_536

try:
    import resource
except ImportError:  # pragma: no cover - Windows counts otherwise
    resource = None  # type: ignore[assignment]


def allow_many() -> None:
    """As many as the system lets this process and those it starts have, up to WANTED: who comes when a party is full is to be
    answered, which takes a connection."""
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
