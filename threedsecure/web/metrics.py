"""Prometheus figures of one running simulator."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


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
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def exchange(self, service: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; `path` is the route's pattern, never the address as called."""
        figures = self._figures.get((service, path, status))
        if figures is None:
            figures = self._exchanges.labels(service, path, str(status)), self._seconds.labels(service, path)
            self._figures[service, path, status] = figures
        requests, time = figures
        requests.inc()
        time.observe(seconds)

    def gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(f"acs_sim_{name}", documentation, registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)
