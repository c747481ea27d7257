"""Figures of one measured stretch, and what is said about several of them: pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from acs_sim.commands.bench.load import Samples
from acs_sim.commands.bench.process import Usage

PERCENTILES = (50, 90, 99, 99.9)


@dataclass(frozen=True, slots=True)
class Figures:
    """`rate`: what was asked for each second, None at saturation; `per_second`: what came to its end. Times are milliseconds, from
    the instant a journey was due; `cpu_us`: processor microseconds of the server for each."""

    name: str
    flow: str
    rate: float | None
    done: int
    failed: int
    seconds: float
    per_second: float
    percentiles: dict[str, float]
    cpu_us: float
    megabytes: float
    errors: tuple[str, ...] = ()


def figures(name: str, flow: str, rate: float | None, samples: Samples, before: Usage, after: Usage) -> Figures:
    done = len(samples.latencies)
    ordered = sorted(samples.latencies)
    return Figures(
        name,
        flow,
        rate,
        done,
        samples.failed,
        round(samples.seconds, 3),
        round(done / samples.seconds, 1) if samples.seconds else 0.0,
        {f"p{which:g}": round(percentile(ordered, which) * 1000, 3) for which in PERCENTILES},
        round((after.cpu_seconds - before.cpu_seconds) / done * 1e6, 1) if done else 0.0,
        round(after.megabytes, 1),
        tuple(samples.errors),
    )


def percentile(ordered: Sequence[float], which: float) -> float:
    """The smallest value that `which` per cent of `ordered` do not exceed; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * which // 100) - 1))]


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios inside the rounds; 0 where nothing can be compared."""
    ratios = [a / b for a, b in zip(over, under, strict=True) if b]
    return statistics.median(ratios) if ratios else 0.0
