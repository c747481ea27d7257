"""Rows as aligned text, for a terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, numbers_from: int | None = None) -> str:
    """`numbers_from`: the first column that is aligned to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    left = len(widths) if numbers_from is None else numbers_from
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
