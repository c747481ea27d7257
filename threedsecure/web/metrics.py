"""Prometheus figures of one running simulator."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*(str(float(bound)) for bound in _BUCKETS), "+Inf")
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
    """A gauge that is read when it is asked for: its values by what `label` says."""

    name: str
    documentation: str
    label: str
    values: Mapping[str, float]


class _Times:
    """A histogram. The client's own costs some ten times this, with every request."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(_BUCKETS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bounds and how many there were up to each, as Prometheus has them."""
        return list(zip(_BOUNDS, accumulate(self.counts), strict=True))


class Metrics:
    """A registry of its own, so that several simulators can run in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[tuple[str, str], _Times] = {}
        self._messages: dict[tuple[str, str], _Times] = {}
        self._refused: dict[str, int] = {}

    def exchange(self, service: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; `path` is the route's pattern, never the address as called."""
        key = service, path, status
        self._requests[key] = self._requests.get(key, 0) + 1
        _observe(self._seconds, (service, path), seconds)

    def message(self, service: str, kind: object, seconds: float) -> None:
        """How long the answer to a message of this type took; what is none of MESSAGES is not counted."""
        if isinstance(kind, str) and kind in MESSAGES:
            _observe(self._messages, (service, kind), seconds)

    def refused(self, service: str) -> None:
        """One request more that was not let in."""
        self._refused[service] = self._refused.get(service, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The figures as they stand, for the registry."""
        requests = CounterMetricFamily("acs_sim_requests", "Requests answered", labels=("service", "path", "status"))
        for (service, path, status), count in self._requests.items():
            requests.add_metric((service, path, str(status)), count)
        yield requests
        yield _histogram("request", "Time to answer", "path", self._seconds)
        yield _histogram("message", "Time to answer a protocol message, by its type", "message", self._messages)
        refused = CounterMetricFamily(
            "acs_sim_requests_refused", "Requests answered 503: too many under way", labels=("service",)
        )
        for service, count in self._refused.items():
            refused.add_metric((service,), count)
        yield refused

    def text(self, measured: Iterable[Measured] = ()) -> bytes:
        return generate_latest(self.registry) + b"".join(map(_written, measured))


def _observe(times: dict[tuple[str, str], _Times], key: tuple[str, str], seconds: float) -> None:
    found = times.get(key)
    if found is None:
        found = times[key] = _Times()
    found.observe(seconds)


def _histogram(name: str, documentation: str, label: str, times: Mapping[tuple[str, str], _Times]) -> Metric:
    family = HistogramMetricFamily(f"acs_sim_{name}_seconds", documentation, labels=("service", label))
    for key, each in times.items():
        family.add_metric(key, each.buckets(), each.sum)
    return family


def _written(gauge: Measured) -> bytes:
    """In Prometheus' text format; labels are words of ours."""
    name = f"acs_sim_{gauge.name}"
    lines = [f"# HELP {name} {gauge.documentation}", f"# TYPE {name} gauge"]
    lines += [f'{name}{{{gauge.label}="{value}"}} {number:g}' for value, number in gauge.values.items()]
    return ("\n".join(lines) + "\n").encode()
