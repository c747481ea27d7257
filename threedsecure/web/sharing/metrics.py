"""Figures of a simulator whose processes share its ports: whichever of them is asked, the answer is that of all.

By Prometheus' convention each process writes its counts into files of its own in one folder, which is named by the environment
before the library is loaded; what a process counted that died is counted on. What is measured and not counted every process
writes down when one of them is asked.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.samples import Sample

from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.metrics import BUCKETS, MESSAGE_SECONDS, MESSAGES, REFUSED, REQUESTS, SECONDS, Measured, Metrics
from threedsecure.web.sharing.processes import Shared

log = structlog.get_logger()

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
FIGURES: Final = "figures"
ASK_SECONDS: Final = 3.0
Measure = Callable[[], Awaitable[Sequence[Measured]]]


class SharedMetrics(Metrics):
    """Those of one service, over all processes of this machine."""

    def __init__(self, service: str, folder: str, shared: Shared) -> None:
        self.registry = CollectorRegistry()
        self._requests_of_all = Counter(*REQUESTS, registry=self.registry)
        self._seconds_of_all = Histogram(*SECONDS, buckets=BUCKETS, registry=self.registry)
        self._messages_of_all = Histogram(*MESSAGE_SECONDS, buckets=BUCKETS, registry=self.registry)
        self._refused_of_all = Counter(*REFUSED, registry=self.registry)
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._service = service
        self._shared = shared
        self._gauges: dict[str, Gauge] = {}
        self._own: set[tuple[str, str]] = set()
        self._files = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call]
        self._all = CollectorRegistry()
        self._all.register(self)

    def exchange(self, service: str, path: str, status: int, seconds: float, kind: object = None) -> None:
        figures = self._figures.get((service, path, status))
        if figures is None:
            figures = (
                self._requests_of_all.labels(service, path, str(status)),
                self._seconds_of_all.labels(service, path),
            )
            self._figures[service, path, status] = figures
        requests, time = figures
        requests.inc()
        time.observe(seconds)
        if isinstance(kind, str) and kind in MESSAGES:
            self._messages_of_all.labels(service, kind).observe(seconds)

    def refused(self, service: str) -> None:
        self._refused_of_all.labels(service).inc()

    def measure(self, measure: Measure) -> None:
        async def write(_content: Any) -> None:
            self._write(await measure())

        self._shared.on(FIGURES, write)

    async def gathered(self, measure: Measure) -> bytes:
        """What could not be asked of the others stands as it stood when they were asked last."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._shared.tell_everybody(FIGURES)
        except (DatabaseAway, TimeoutError) as error:
            log.warning("the other processes were not asked for figures", error=str(error))
        same = [one for one in await measure() if not one.of_process]
        return generate_latest(self._all) + self.written(same)

    def collect(self) -> Iterator[Metric]:
        """As the registry asks for it."""
        for metric in self._files.collect():  # type: ignore[no-untyped-call]
            metric.samples = [one for one in metric.samples if self._is_own(one)]
            if metric.samples:
                yield metric

    def _is_own(self, sample: Sample) -> bool:
        if "service" in sample.labels:
            return sample.labels["service"] == self._service
        return any((sample.name, value) in self._own for value in sample.labels.values())

    def _write(self, measured: Iterable[Measured]) -> None:
        for one in measured:
            if one.of_process:
                for value, number in one.values.items():
                    self._gauge(one).labels(value).set(number)
                    self._own.add((f"acs_sim_{one.name}", value))

    def _gauge(self, one: Measured) -> Gauge:
        if one.name not in self._gauges:
            name, words = f"acs_sim_{one.name}", one.documentation
            gauge = Gauge(name, words, (one.label,), registry=self.registry, multiprocess_mode="livesum")
            self._gauges[one.name] = gauge
        return self._gauges[one.name]


def metrics_of(service: str, shared: Shared) -> Metrics:
    """The figures of a service: of this process, or of all that count together."""
    folder = os.environ.get(FOLDER)
    return Metrics() if folder is None or shared.worker is None else SharedMetrics(service, folder, shared)


def forget_process(process: int, folder: str) -> None:
    """What a process measured that has died is no more; what it counted stays."""
    mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
