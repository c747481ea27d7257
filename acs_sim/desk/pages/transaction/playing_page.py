"""`/play`: a scenario file of a transaction, played again, and what came of it."""

from typing import Final
from urllib.parse import urlsplit

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.desk.pages.transaction.page import scenario_text
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

LONGEST: Final = 500
REPORT_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


async def overview(desk: Desk, _request: WireRequest) -> WireResponse:
    return await page_of(desk, "play.html", "", run=desk.playing.last)


async def output(desk: Desk, _request: WireRequest) -> WireResponse:
    return shown("play_output.html", run=desk.playing.last)


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """One form for all: `transaction` (play its scenario file), `against` (play what readiness is judged by), or `stop`."""
    form = read_form(request)
    files = {} if desk.runtime.tls is None else {"ca.pem": desk.runtime.tls.authority_pem.decode()}
    at = ["--url", desk.addresses.desk]
    if "stop" in form:
        await desk.playing.stop()
    elif "against" in form:
        url = _gateway(form["against"])
        desk.playing.begin(f"Readiness of {url}", ["--readiness", "--against", url, *at], files)
    else:
        one = await find_transaction(desk, form.get("transaction", ""))
        file = {"scenario.yaml": await scenario_text(desk, one)}
        desk.playing.begin(f"Transaction {one.id}, once more", ["scenario.yaml", *at], {**files, **file})
    return see_other("/play")


async def report(desk: Desk, _request: WireRequest) -> WireResponse:
    run = desk.playing.last
    if run is None or run.report is None:
        raise Problem(404, "Not Found", "there is no report yet")
    return WireResponse(200, run.report, "text/html; charset=utf-8", {"Content-Security-Policy": REPORT_POLICY})


def _gateway(address: str) -> str:
    """Errors: `Problem` 400 for what is no address of a gateway."""
    parts = urlsplit(address.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(address) > LONGEST:
        raise Problem(400, "Bad Request", "against is where your gateway takes purchases: http:// or https://")
    return address.strip()
