"""Spans in a small real collector that speaks OTLP over HTTP."""

import asyncio
import gzip
import json
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.resources import files
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from acs_sim.commands.bench.traffic import PLAIN, card_number
from acs_sim.running import tracing
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.settings import Settings, SettingsError, load
from tests.support.ports import with_free_ports
from threedsecure.web.serving.application import serving

AREQ = json.loads((files("fixtures") / "messages/2.2.0/areq-brw-pa.json").read_bytes())


class Collector:
    """`spans`: those received, as OTLP has them."""

    def __init__(self):
        self.spans, self.raw, self.url = [], b"", ""

    async def take(self, request):
        message = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        body = await request.read()
        body = gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body
        self.raw += body
        for resource in message.ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response(body=message.ExportTraceServiceResponse().SerializeToString())


@asynccontextmanager
async def collecting():
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with serving(app, "127.0.0.1", 0) as port:
        collector.url = f"http://127.0.0.1:{port}"
        yield collector


def attributes(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def authenticated(stack):
    areq = {**AREQ, **PLAIN, "threeDSServerTransID": str(uuid4()), "acctNumber": card_number("frictionless", 1)}
    areq = {name: value for name, value in areq.items() if value is not None}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stack.addresses.ds}/visa/3ds2", json=areq) as answer,
    ):
        return areq, await answer.json()


async def test_every_exchange_of_a_transaction_is_a_span_of_one_trace_without_secrets():
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")
    async with collecting() as collector:
        settings = with_free_ports(Settings(fresh=True, otlp_endpoint=collector.url))
        async with running_stack(settings) as stack:
            areq, ares = await authenticated(stack)
    assert {span.name for span in collector.spans} == {
        "ARes ACS → Directory Server",
        "ARes Directory Server → 3DS Server",
    }
    assert len({span.trace_id for span in collector.spans}) == 1
    for span in collector.spans:
        told = attributes(span)
        assert told["threeDSServerTransID"] == told["acs_sim.transaction_id"] == areq["threeDSServerTransID"]
        assert (told["acsTransID"], told["transStatus"]) == (ares["acsTransID"], "Y")
        assert told["http.response.status_code"] == 200
        assert span.end_time_unix_nano > span.start_time_unix_nano
    for secret in (areq["acctNumber"], ares["authenticationValue"], areq["cardholderName"]):
        assert secret.encode() not in collector.raw


async def test_a_collector_that_is_not_there_costs_spans_and_nothing_else(monkeypatch):
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")
    monkeypatch.setattr(tracing, "EXPORT_SECONDS", 0.2)
    settings = with_free_ports(Settings(fresh=True, otlp_endpoint="http://127.0.0.1:1"))
    async with running_stack(settings) as stack:
        assert (await authenticated(stack))[1]["transStatus"] == "Y"


async def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(tracing, "import_module", missing)
    with pytest.raises(CannotStart, match=r"pip install 'acs-sim\[otel\]'"):
        async with running_stack(with_free_ports(Settings(fresh=True, otlp_endpoint="http://127.0.0.1:1"))):
            pass


async def test_nothing_of_it_is_loaded_where_it_was_not_asked_for():
    script = (
        "import asyncio, sys\n"
        "from acs_sim.settings.settings import Settings\n"
        "from acs_sim.running.stack import running_stack, with_free_ports\n"
        "async def run():\n"
        "    async with running_stack(with_free_ports(Settings(fresh=True))):\n"
        "        print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
        "asyncio.run(run())\n"
    )
    import sys

    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "[]")


@pytest.mark.parametrize("address", ["4318", "ftp://127.0.0.1", "http://", "http://a:b@127.0.0.1:4318"])
def test_what_is_no_address_of_a_collector_is_refused(address):
    with pytest.raises(SettingsError, match="otlp-endpoint"):
        load({"otlp_endpoint": address}, {})
