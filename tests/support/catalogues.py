"""Gettext catalogues: `python -m tests.support.catalogues` compiles every .po of the repository to the .mo beside it."""

import ast
import struct
from pathlib import Path

ROOT = Path(__file__).parents[2]
Catalogue = dict[str, str]


def parse(text: str) -> Catalogue:
    """The entries of a .po file, as a .mo file holds them: singular and plural in one key, plural forms in one value."""
    entries: Catalogue = {}
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("msg"):
                keyword, line = line.split(" ", 1)
            if keyword and not line.startswith("#"):
                fields[keyword] = fields.get(keyword, "") + ast.literal_eval(line)
        if fields:
            key = "\0".join(fields[name] for name in ("msgid", "msgid_plural") if name in fields)
            if key in entries:
                raise ValueError(f"translated twice: {key!r}")
            entries[key] = "\0".join(value for name, value in fields.items() if name.startswith("msgstr"))
    return entries


def compiled(entries: Catalogue) -> bytes:
    """The .mo file: a header, two tables of lengths and offsets, then the strings (GNU gettext manual, 10.3)."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    tables, strings = b"", b""
    first_string = 28 + 16 * len(pairs)
    for column in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[column]), first_string + len(strings))
            strings += pair[column] + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + tables + strings


def sources() -> list[Path]:
    return sorted(path for path in ROOT.glob("acs/cardholder/locales/*/LC_MESSAGES/*.po"))


if __name__ == "__main__":
    for source in sources():
        source.with_suffix(".mo").write_bytes(compiled(parse(source.read_text("utf-8"))))
