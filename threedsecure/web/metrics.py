"""Prometheus figures of one running simulator."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
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


class Metrics:
    """A registry of its own, so that several simulators can run in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._exchanges = Counter(
            "acs_sim_requests", "Requests answered", ("service", "path", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "acs_sim_request_seconds", "Time to answer", ("service", "path"), buckets=_BUCKETS, registry=self.registry
        )
        self._messages = Histogram(
            "acs_sim_message_seconds",
            "Time to answer a protocol message, by its type",
            ("service", "message"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            "acs_sim_requests_refused",
            "Requests answered 503: too many under way",
            ("service",),
            registry=self.registry,
        )
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._kinds: dict[tuple[str, str], Histogram] = {}

    def exchange(self, service: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; `path` is the route's pattern, never the address as called."""
        figures = self._figures.get((service, path, status))
        if figures is None:
            figures = self._exchanges.labels(service, path, str(status)), self._seconds.labels(service, path)
            self._figures[service, path, status] = figures
        requests, time = figures
        requests.inc()
        time.observe(seconds)

    def message(self, service: str, kind: object, seconds: float) -> None:
        """How long the answer to a message of this type took; what is none of MESSAGES is not counted."""
        if not isinstance(kind, str) or kind not in MESSAGES:
            return
        figure = self._kinds.get((service, kind))
        if figure is None:
            figure = self._kinds[service, kind] = self._messages.labels(service, kind)
        figure.observe(seconds)

    def refused(self, service: str) -> None:
        """One request more that was not let in."""
        self._refused.labels(service).inc()

    def gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(f"acs_sim_{name}", documentation, registry=self.registry)

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


def _written(gauge: Measured) -> bytes:
    """In Prometheus' text format; labels are words of ours."""
    name = f"acs_sim_{gauge.name}"
    lines = [f"# HELP {name} {gauge.documentation}", f"# TYPE {name} gauge"]
    lines += [f'{name}{{{gauge.label}="{value}"}} {number:g}' for value, number in gauge.values.items()]
    return ("\n".join(lines) + "\n").encode()
