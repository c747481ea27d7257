"""Every service killed (kill -9) with a challenge at every step: no result is lost, and none is told twice differently.

Each party is a process of its own. For each of them one challenge is brought to every step, the party is killed and started again,
and all challenges are finished.
"""

import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.engine import on_both_engines
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port_base
from tests.support.process import Simulator, start
from tests.support.third_party import (
    Page,
    ThreeDSServer,
    answer,
    from_base64url,
    get_json,
    post_form,
    post_json,
    three_ds_server,
)

pytestmark = on_both_engines

PARTIES = ("desk", "ds", "acs", "phone", "shop")
LOOK_EVERY_SECONDS = 0.05
BROKEN_OFF = (OSError, HTTPException, urllib.error.URLError, ValueError)


@dataclass
class Apart:
    """The simulator with a process per party."""

    base: int
    folder: Any
    parties: dict[str, Simulator] = field(default_factory=dict)

    def start(self, party: str) -> None:
        options = ("--data", str(self.folder / "data"), "--only", party)
        with (self.folder / f"{party}.log").open("a") as log:
            self.parties[party] = start(*options, base=self.base, log=log)

    def kill(self, party: str) -> None:
        self.parties[party].kill()

    def __getattr__(self, name: str) -> str:
        return getattr(self.parties["desk"], name)

    def advance(self, by: str) -> None:
        post_json(self.desk + "/api/clock", {"advance": by})

    def transaction(self, name: str) -> dict[str, Any]:
        return get_json(f"{self.desk}/api/transactions/{name}")


@pytest.fixture(scope="module")
def apart(engine, tmp_path_factory) -> Iterator[Apart]:
    simulator = Apart(free_port_base(), tmp_path_factory.mktemp("apart"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(simulator.start, PARTIES))
    yield simulator
    for party in simulator.parties:
        simulator.kill(party)


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(LOOK_EVERY_SECONDS)
    return found


@dataclass
class Buyer:
    """One challenge and the person in front of it."""

    sim: Apart
    server: ThreeDSServer
    pool: ThreadPoolExecutor
    scenario: str = "challenge-otp"
    counter: str | None = "01"
    page: Page | None = None
    posted: "Future[Page] | None" = None
    cres: dict[str, Any] | None = None
    comes_back: bool = True

    def __post_init__(self) -> None:
        self.card = post_json(self.sim.desk + "/api/cards", {"scheme": "visa", "scenario": self.scenario})
        asks = {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00060"}
        wish = asks if self.scenario == "decoupled" else {}
        self.ares = post_json(self.sim.directory_server + "/visa/3ds2", self.server.areq(self.card["pan"], **wish))

    @property
    def name(self) -> str:
        return self.ares["acsTransID"]

    @property
    def phone(self) -> str:
        return f"{self.sim.phone}/api/phones/{quote(self.card['phone'])}"

    def opens(self) -> None:
        self.page = self.server.open_challenge(self.ares)

    def newest_code(self) -> str:
        """The longest wait that the phone has may be too short on a busy machine."""
        return until(lambda: get_json(f"{self.phone}/latest?wait=60"))["code"]

    def types(self, code: str | None = None) -> Page:
        return answer(self.page, code or self.newest_code())

    def types_wrong(self) -> None:
        self.counter = "02"
        code = self.newest_code()
        self.page = self.types("000000" if code != "000000" else "111111")

    def submits_and_waits(self) -> None:
        """The answer is on its way; nobody has seen its end yet."""
        self.code = self.newest_code()
        self.posted = self.pool.submit(self.types, self.code)

    def finishes(self) -> None:
        """Whatever it takes: the page is opened, or asked for another code, or posted again."""
        if self.scenario == "decoupled":
            prompt = until(lambda: get_json(f"{self.phone}/prompts")["prompts"])[-1]
            if prompt["state"] == "pending":
                post_json(f"{self.sim.phone}/api/prompts/{prompt['id']}", {"decision": "approve"})
            return
        if not self.comes_back:
            return
        if self.page is None:
            self.opens()
        self.cres = self.ending()
        assert self.ending() == self.cres

    def ending(self) -> dict[str, Any]:
        over = self.types(getattr(self, "code", None))
        self.code = getattr(self, "code", None) or "000000"  # after the end, whatever is typed is answered with the end
        return from_base64url(over.fields["cres"])


# --- the steps ---


def after_the_ares(buyer):
    pass


def page_open(buyer):
    buyer.opens()


def wrong_code(buyer):
    buyer.opens()
    buyer.types_wrong()


def results_not_acknowledged(buyer):
    buyer.server.holding.add(buyer.ares["threeDSServerTransID"])
    buyer.opens()
    buyer.submits_and_waits()
    until(lambda: buyer.name in received(buyer.server))


def results_not_acknowledged_and_browser_closed(buyer):
    results_not_acknowledged(buyer)
    buyer.comes_back = False


def acknowledged_before_the_cres(buyer):
    buyer.opens()
    buyer.submits_and_waits()
    until(lambda: (buyer.sim.transaction(buyer.name)["challenge"]["results"] or {}).get("resultsStatus"))


def cres_seen(buyer):
    buyer.opens()
    buyer.finishes()


STEPS = {
    after_the_ares: "challenge-otp",
    page_open: "challenge-otp",
    wrong_code: "challenge-otp",
    results_not_acknowledged: "challenge-otp",
    results_not_acknowledged_and_browser_closed: "challenge-otp",
    acknowledged_before_the_cres: "results-early",
    cres_seen: "challenge-otp",
}


def received(server: ThreeDSServer) -> dict[str, list[dict[str, Any]]]:
    """The RReqs by acsTransID, in order."""
    told: dict[str, list[dict[str, Any]]] = {}
    for rreq in list(server.results.queue):
        told.setdefault(rreq["acsTransID"], []).append(rreq)
    return told


def test_no_service_killed_at_any_step_loses_a_result_or_tells_another(apart):
    """One test, so that the processes are started once however the tests are spread."""
    for killed in ("acs", "ds", "phone", "desk"):
        killed_with_a_challenge_at_every_step(apart, killed)
    the_gateway_killed_with_a_purchase_at_every_step(apart)


def killed_with_a_challenge_at_every_step(apart, killed):
    with three_ds_server() as server, ThreadPoolExecutor(24) as pool:

        def brought_to(step):
            buyer = Buyer(apart, server, pool, STEPS[step])
            step(buyer)
            return buyer

        at_step = list(pool.map(brought_to, STEPS))
        decoupled, meanwhile = Buyer(apart, server, pool, "decoupled", None), Buyer(apart, server, pool)
        meanwhile.opens()
        buyers = [*at_step, decoupled, meanwhile]

        meanwhile.code = meanwhile.newest_code()
        apart.kill(killed)
        server.released.set()
        try:
            meanwhile.types(meanwhile.code)  # while it is down
        except BROKEN_OFF:
            assert killed == "acs"
        apart.start(killed)

        apart.advance("15s")
        for buyer in buyers:
            if buyer.posted is not None and killed != "acs":
                assert from_base64url(buyer.posted.result().fields["cres"])["transStatus"] == "Y"
        list(pool.map(Buyer.finishes, buyers))
        apart.advance("2m")  # whatever still had to be tried again
        for buyer in buyers:
            told_once(buyer)
    assert {name: len({str(rreq) for rreq in rreqs}) for name, rreqs in received(server).items()} == {
        buyer.name: 1 for buyer in buyers
    }


def told_once(buyer):
    """The result that the cardholder's answers lead to, acknowledged, the same everywhere."""
    kept = until(lambda: (found := buyer.sim.transaction(buyer.name))["challenge"]["state"] == "reported" and found)
    assert (kept["state"], kept["transStatus"], kept["challenge"]["results"]["resultsStatus"]) == (
        "completed",
        "Y",
        "01",
    )
    first, *again = received(buyer.server)[buyer.name]
    assert (first["transStatus"], first.get("interactionCounter")) == ("Y", buyer.counter)
    assert all(rreq == first for rreq in again)
    assert buyer.cres is None or buyer.cres["transStatus"] == "Y"


def the_gateway_killed_with_a_purchase_at_every_step(apart):
    """The gateway of the simulator is the 3DS Server here, and still ends every purchase with its result."""

    def bought(_number):
        card = post_json(apart.desk + "/api/cards", {"scheme": "visa", "scenario": "challenge-otp"})
        wish = {"pan": card["pan"], "expiry": "3012", "amount": 4200}
        return card, post_json(apart.gateway + "/api/purchases", wish)

    def opened(purchase):
        fields = {"creq": purchase["creq"], "threeDSSessionData": purchase["threeDSSessionData"]}
        return Page(post_form(purchase["acsURL"], fields))

    def code_of(card):
        return get_json(f"{apart.phone}/api/phones/{quote(card['phone'])}/latest?wait=60")["code"]

    def brought_back(over):
        post_form(over.action, over.fields)

    with ThreadPoolExecutor() as pool:
        bought_by = list(pool.map(bought, range(5)))
        (_, after_ares), (_, on_page), (_, down), (_, told), (_, over) = bought_by
        cards = {purchase["id"]: card for card, purchase in bought_by}
        pages = {purchase["id"]: opened(purchase) for purchase in (on_page, down, told, over)}
        ends = {one["id"]: answer(pages[one["id"]], code_of(cards[one["id"]])) for one in (told, over)}
        brought_back(ends[over["id"]])

        apart.kill("shop")
        ends[down["id"]] = answer(pages[down["id"]], code_of(cards[down["id"]]))
        apart.start("shop")

        pages[after_ares["id"]] = opened(after_ares)
        for one in (after_ares, on_page):
            ends[one["id"]] = answer(pages[one["id"]], code_of(cards[one["id"]]))
        apart.advance("15s")
        for one in (after_ares, on_page, down, told):
            brought_back(ends[one["id"]])
        apart.advance("2m")  # the shop's answer that the crash cut off is tried again after a minute

    for _, purchase in bought_by:
        ended = get_json(f"{apart.gateway}/api/purchases/{purchase['id']}?wait=30")
        assert (ended["state"], ended["authentication"]["trans_status"]) == ("settled", "Y")
        assert ended["result"] == "accepted"
        kept = until(lambda name=purchase["id"]: apart.transaction(name))
        assert (kept["transStatus"], kept["results_status"]) == ("Y", "01")
