"""Prometheus figures of one running simulator."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*(str(float(bound)) for bound in BUCKETS), "+Inf")
REQUESTS: Final = "acs_sim_requests", "Requests answered", ("service", "path", "status")
SECONDS: Final = "acs_sim_request_seconds", "Time to answer", ("service", "path")
MESSAGE_SECONDS: Final = (
    "acs_sim_message_seconds",
    "Time to answer a protocol message, by its type",
    ("service", "message"),
)
REFUSED: Final = "acs_sim_requests_refused", "Requests answered 503: too many under way", ("service",)
"""Name, meaning and labels of each figure."""
MESSAGES: Final = frozenset(
    (
        "AReq",
        "CReq",
        "RReq",
        "PReq",
        "OReq",
        "Erro",
        "VEReq",
        "PAReq",
        "CRReq",
        "Error",
    )  # what a party of ours receives
)
"""Whatever else a message says that it is, a figure of its own it does not get."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A gauge that is read when it is asked for: its values by what `label` says. `of_process`: the other processes of the same
    simulator have values of their own."""

    name: str
    documentation: str
    label: str
    values: Mapping[str, float]
    of_process: bool = False


class _Times:
    """A histogram. The client's own costs some ten times this, with every request."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bounds and how many there were up to each, as Prometheus has them."""
        return list(zip(_BOUNDS, accumulate(self.counts), strict=True))


class Metrics:
    """A registry of its own, so that several simulators can run in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: defaultdict[tuple[str, str], _Times] = defaultdict(_Times)
        self._messages: defaultdict[tuple[str, str], _Times] = defaultdict(_Times)
        self._refused: dict[str, int] = {}

    def exchange(self, service: str, path: str, status: int, seconds: float, kind: object = None) -> None:
        """Count one answered request, and how long its answer took. `path` is the route's pattern, never the address as called;
        `kind`: the type of the message that it was, which is counted where it is one of MESSAGES."""
        key = service, path, status
        self._requests[key] = self._requests.get(key, 0) + 1
        bucket = bisect_left(BUCKETS, seconds)
        times = [self._seconds[service, path]]
        if isinstance(kind, str) and kind in MESSAGES:
            times.append(self._messages[service, kind])
        for each in times:
            each.counts[bucket] += 1
            each.sum += seconds

    def refused(self, service: str) -> None:
        """One request more that was not let in."""
        self._refused[service] = self._refused.get(service, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The figures as they stand, for the registry."""
        requests = CounterMetricFamily(REQUESTS[0], REQUESTS[1], labels=REQUESTS[2])
        for (service, path, status), count in self._requests.items():
            requests.add_metric((service, path, str(status)), count)
        yield requests
        yield _histogram(*SECONDS, self._seconds)
        yield _histogram(*MESSAGE_SECONDS, self._messages)
        refused = CounterMetricFamily(REFUSED[0], REFUSED[1], labels=REFUSED[2])
        for service, count in self._refused.items():
            refused.add_metric((service,), count)
        yield refused

    def measure(self, measure: Callable[[], Awaitable[Sequence[Measured]]]) -> None:
        """Be told how this service is measured."""

    async def gathered(self, measure: Callable[[], Awaitable[Sequence[Measured]]]) -> bytes:
        """All figures, as text."""
        return self.text(await measure())

    def text(self, measured: Iterable[Measured] = ()) -> bytes:
        return generate_latest(self.registry) + self.written(measured)

    @staticmethod
    def written(measured: Iterable[Measured]) -> bytes:
        return b"".join(map(_written, measured))


def _histogram(
    name: str, documentation: str, labels: tuple[str, str], times: Mapping[tuple[str, str], _Times]
) -> Metric:
    family = HistogramMetricFamily(name, documentation, labels=labels)
    for key, each in times.items():
        family.add_metric(key, each.buckets(), each.sum)
    return family


def _written(gauge: Measured) -> bytes:
    """In Prometheus' text format; labels are words of ours."""
    name = f"acs_sim_{gauge.name}"
    lines = [f"# HELP {name} {gauge.documentation}", f"# TYPE {name} gauge"]
    lines += [f'{name}{{{gauge.label}="{value}"}} {number:g}' for value, number in gauge.values.items()]
    return ("\n".join(lines) + "\n").encode()
