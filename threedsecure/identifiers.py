"""Identifiers are UUIDs, and a UUID is one whatever the case of its letters (RFC 9562, section 4): SQL Server, .NET and Swift write
them in upper case. Inside there is one spelling; what is echoed is echoed as it came."""

from typing import Final

_LENGTH: Final = 36


def one_spelling(name: str) -> str:
    """The spelling under which a name is kept and looked for."""
    return name.lower() if len(name) == _LENGTH and name[8] == name[13] == "-" else name


def same_id(found: object, expected: str | None) -> bool:
    """Whether two identifiers are one."""
    return found == expected or (
        isinstance(found, str) and expected is not None and one_spelling(found) == one_spelling(expected)
    )
