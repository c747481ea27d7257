"""What a run says: a table, JSON, and a plot of latency against rate."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import log10
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import orjson

from acs_sim.client.tables import aligned
from acs_sim.commands.bench.figures import Figures

FORMAT: Final = "acs-sim bench 1"
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 360, 64, 48
_COLOURS: Final = ("#1d4ed8", "#b45309", "#047857", "#be123c", "#6d28d9", "#334155", "#0e7490")
_COLUMNS: Final = ("what", "flow", "asked/s", "done/s", "p50 ms", "p90", "p99", "p99.9", "CPU µs", "MB", "failed")


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def table(rows: Sequence[Figures]) -> str:
    """One line for each stretch."""
    return aligned([_COLUMNS, *(_cells(row) for row in rows)], numbers_from=2)


def as_json(rows: Sequence[Figures], **more: Any) -> bytes:
    document = {"format": FORMAT, "machine": machine(), **more, "figures": [asdict(row) for row in rows]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def plot(rows: Sequence[Figures]) -> str:
    """An SVG of the percentiles of every stretch, on a logarithmic scale of milliseconds."""
    most = max((value for row in rows for value in row.percentiles.values()), default=1.0)
    decades = next(power for power in range(1, 8) if 10 ** (power - 1) >= most)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 20 * len(rows)}" '
            'font-family="system-ui, sans-serif" font-size="12">',
            "<title>Latency by percentile</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT + 20 * len(rows)}" fill="#fff"/>',
            *_grid(decades),
            *(line for place, row in enumerate(rows) for line in _curve(row, place, decades)),
            "</svg>\n",
        )
    )


def _cells(row: Figures) -> tuple[str, ...]:
    asked = "all" if row.rate is None else f"{row.rate:g}"
    times = (f"{value:.2f}" for value in row.percentiles.values())
    figures = (f"{row.cpu_us:.0f}", f"{row.megabytes:.0f}", str(row.failed))
    return (row.name, row.flow, asked, f"{row.per_second:.0f}", *times, *figures)


def _y(milliseconds: float, decades: int) -> float:
    """0.1 ms is the bottom line."""
    high = _HEIGHT - _BOTTOM - 24
    return _HEIGHT - _BOTTOM - high * (log10(max(milliseconds, 0.1)) + 1) / decades


def _grid(decades: int) -> Iterator[str]:
    for power in range(-1, decades):
        y = _y(10**power, decades)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10**power:g} ms</text>'


def _curve(row: Figures, place: int, decades: int) -> Iterator[str]:
    colour, step = _COLOURS[place % len(_COLOURS)], (_WIDTH - _LEFT - 48) / max(len(row.percentiles) - 1, 1)
    points = [
        (_LEFT + 16 + step * at, _y(value, decades), name) for at, (name, value) in enumerate(row.percentiles.items())
    ]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y, _ in points)
    yield f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{line}"/>'
    if place == 0:
        yield from (
            f'<text x="{x:.0f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{name}</text>'
            for x, _, name in points
        )
    asked = "as fast as answered" if row.rate is None else f"{row.rate:g}/s asked"
    words = f"{row.name}, {row.flow}, {asked}: {row.per_second:.0f}/s"
    y = _HEIGHT - 12 + 20 * place
    yield f'<rect x="{_LEFT}" y="{y - 9}" width="16" height="4" fill="{colour}"/>'
    yield f'<text x="{_LEFT + 24}" y="{y}">{escape(words)}</text>'


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
