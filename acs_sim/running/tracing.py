"""OpenTelemetry export (`--otlp-endpoint`): a span for every exchange between two parties, made of what the journal keeps of it,
behind the requests. The journal is redacted, so spans hold no card number, code or key.

The spans of one transaction are one trace, whichever processes they come from: its identifier is drawn from the transaction's.
This is the only module that imports OpenTelemetry, and only where it is asked for."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from importlib import import_module
from typing import Any, Final

from threedsecure.web.journal import EMV_IDS, V1_IDS, Entry, Journal

TRACES_PATH: Final = "/v1/traces"
EXPORT_SECONDS: Final = 3.0
"""How long a collector may take; one that is silent delays the end of the process by no more."""
IDENTIFIERS: Final = tuple(dict.fromkeys((*EMV_IDS, *V1_IDS)))
TOLD: Final = ("messageVersion", "transStatus", "transStatusReason", "resultsStatus", "errorCode", "errorComponent")
MAX_VALUE: Final = 64
_NANOSECONDS: Final = 1_000
_FAILED: Final = frozenset({"connection failed", "no answer", "SMS failed", "prompt failed", "CRes not taken"})


class TracingUnavailable(RuntimeError):
    """The extra that it takes is not installed."""


@asynccontextmanager
async def exporting(journal: Journal, endpoint: str | None) -> AsyncIterator[None]:
    """Export what `journal` writes for as long as the context lasts; nothing without an `endpoint`, the base address of a collector
    that speaks OTLP over HTTP. Errors: `TracingUnavailable`."""
    if endpoint is None:
        yield
        return
    spans = Spans(endpoint)
    journal.also_to = spans.take
    try:
        yield
    finally:
        journal.also_to = None
        await asyncio.to_thread(spans.close)


class Spans:
    """Spans on their way to one collector, in batches, by a thread of the SDK's; what it cannot keep up with is dropped."""

    def __init__(self, endpoint: str) -> None:
        """Errors: `TracingUnavailable`."""
        try:
            self._api = import_module("opentelemetry.trace")
            sdk = import_module("opentelemetry.sdk.trace")
            export = import_module("opentelemetry.sdk.trace.export")
            resources = import_module("opentelemetry.sdk.resources")
            otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        except ModuleNotFoundError as error:
            raise TracingUnavailable("OpenTelemetry export needs its SDK: pip install 'acs-sim[otel]'") from error
        exporter = otlp.OTLPSpanExporter(endpoint=endpoint.rstrip("/") + TRACES_PATH, timeout=EXPORT_SECONDS)
        resource = resources.Resource.create({"service.name": "acs-sim"})
        self._provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(export.BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("acs-sim")

    def take(self, entries: Sequence[Entry]) -> None:
        """A span for each entry that ends an exchange."""
        for recorded, entry in entries:
            if entry.get("took_ms") is not None or entry["kind"] in _FAILED:
                self._span(recorded * _NANOSECONDS, entry["transaction_id"], entry)

    def close(self) -> None:
        self._provider.shutdown()

    def _span(self, end: int, transaction_id: str, entry: Mapping[str, Any]) -> None:
        api, kind = self._api, entry["kind"]
        began = end - int((entry.get("took_ms") or 0) * 1_000_000)
        span = self._tracer.start_span(
            f"{kind} {entry['from']} → {entry['to']}",
            context=self._trace_of(transaction_id),
            kind=api.SpanKind.SERVER,
            attributes=dict(_attributes(transaction_id, entry)),
            start_time=began,
        )
        if kind in _FAILED or kind in {"Erro", "Error"}:
            span.set_status(api.Status(api.StatusCode.ERROR, str(entry["message"].get("reason", ""))[:MAX_VALUE]))
        span.end(end)

    def _trace_of(self, transaction_id: str) -> Any:
        """The trace of a transaction; a new one where none is known."""
        if not transaction_id:
            return None
        drawn = blake2b(transaction_id.encode(), digest_size=24).digest()
        trace_id, root = int.from_bytes(drawn[:16]), int.from_bytes(drawn[16:])
        flags = self._api.TraceFlags(self._api.TraceFlags.SAMPLED)
        parent = self._api.SpanContext(trace_id, root, is_remote=True, trace_flags=flags)
        return self._api.set_span_in_context(self._api.NonRecordingSpan(parent))


def _attributes(transaction_id: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "acs_sim.from", entry["from"]
    yield "acs_sim.to", entry["to"]
    yield "acs_sim.message", entry["kind"]
    yield "acs_sim.transaction_id", transaction_id
    if "status" in entry:
        yield "http.response.status_code", entry["status"]
    message = entry["message"]
    for name in (*IDENTIFIERS, *TOLD):
        value = message.get(name)
        if isinstance(value, str):
            yield name, value[:MAX_VALUE]
