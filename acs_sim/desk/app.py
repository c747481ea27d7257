"""The desk as a service: its routes, streams and static files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from acs_sim.client.parties import Parties
from acs_sim.desk.api.calls import Desk, Handler, bound
from acs_sim.desk.control.check import BODY_LIMIT
from acs_sim.desk.control.clock import SEED
from acs_sim.desk.control.findings import share_muted
from acs_sim.desk.operations import OPERATIONS
from acs_sim.desk.pages import (
    cards_page,
    console,
    demo_page,
    log_page,
    phone_page,
)
from acs_sim.desk.pages.following import parts_of
from acs_sim.desk.pages.reading import page as reading
from acs_sim.desk.pages.reading.api_page import docs_handler, openapi_handler
from acs_sim.desk.pages.rendering import STATIC
from acs_sim.desk.pages.transaction import comparing, context, deeds, page, playing_page
from acs_sim.desk.pages.trouble import faults_page, ranges_page, rules_page
from acs_sim.desk.pages.verdict import findings_page, readiness_page
from acs_sim.desk.transactions.events import EVENTS, Drawn, beats, event_stream, of_transaction
from acs_sim.settings.addresses import Addresses
from threedsecure.cards.other_cards import NO_OTHER_CARDS, OtherCards
from threedsecure.v2.validation.as_of import NONE
from threedsecure.web.serving.doors import Door
from threedsecure.web.serving.service import DEFAULT_LIMIT, Route, Runtime, Service, Stream

PAGES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/", log_page.overview),
    ("GET", "/transactions/rows", log_page.rows),
    ("GET", "/compare", comparing.compare),
    ("GET", "/transactions/{id}", page.transaction),
    ("GET", "/transactions/{id}/conversation", page.conversation),
    ("GET", "/transactions/{id}/page", context.banks_page),
    ("GET", "/transactions/{id}/scenario.yaml", page.scenario_file),
    ("GET", "/transactions/{id}/report.html", page.report),
    ("GET", "/transactions/{id}/sequence.{form}", page.picture),
    ("POST", "/transactions/{id}/act", deeds.act),
    ("GET", "/play", playing_page.overview),
    ("GET", "/play/output", playing_page.output),
    ("GET", "/play/report.html", playing_page.report),
    ("POST", "/play", playing_page.change),
    ("GET", "/bar", console.bar),
    ("GET", "/find", console.find),
    ("GET", "/cards", cards_page.overview),
    ("POST", "/cards", cards_page.change),
    ("POST", "/clock", console.move_clock_from_form),
    ("POST", "/reset", console.begin_again),
    ("GET", "/namespaces", console.show_namespaces),
    ("POST", "/namespaces", console.change_namespaces),
    ("GET", "/demo", demo_page.demo),
    ("POST", "/demo/answer", demo_page.answer),
    ("GET", "/app", phone_page.overview),
    ("POST", "/app", phone_page.pay),
    ("GET", "/app/{id}", phone_page.app),
    ("POST", "/app/{id}", phone_page.act),
    ("GET", "/app/{id}/screen", phone_page.screen),
    ("GET", "/app/{id}/web-view", phone_page.web_view),
    ("GET", "/app/{id}/caught/{token}", phone_page.caught),
    ("GET", "/findings", findings_page.overview),
    ("GET", "/findings/told", findings_page.told),
    ("POST", "/findings", findings_page.change),
    ("GET", "/readiness", readiness_page.overview),
    ("GET", "/readiness/judged", readiness_page.judged),
    ("GET", "/rules", rules_page.rules),
    ("POST", "/rules", rules_page.change_rules),
    ("GET", "/faults", faults_page.overview),
    ("POST", "/faults", faults_page.change),
    ("GET", "/ranges", ranges_page.overview),
    ("GET", "/elements", reading.elements),
    ("GET", "/elements/{message}", reading.element_table),
    ("GET", "/check", reading.check_form),
    ("GET", "/api/docs", docs_handler(OPERATIONS)),
    ("GET", "/docs", reading.document),
    ("GET", "/docs/images/{picture}", reading.picture),
    ("GET", "/docs/{name:[\\w/-]+}", reading.document),
)


def build(
    runtime: Runtime,
    addresses: Addresses,
    elsewhere: tuple[str, ...] = (),
    other_cards: OtherCards = NO_OTHER_CARDS,
    rules_as_of: str = NONE,
) -> Service:
    """The desk of a simulator whose parties are at `addresses`; those of `elsewhere` have a clock of their own to be moved."""

    async def follow_seed(content: list[int | None] | None) -> None:
        if content is not None:
            runtime.randomness.seed(content[0], of=runtime.shared.worker)

    runtime.shared.on(SEED, follow_seed)
    parties = Parties(runtime.transport, addresses)
    desk = Desk(runtime, addresses, parties, elsewhere, other_cards=other_cards, rules_as_of=rules_as_of)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await share_muted(desk, runtime.shared)
        yield
        await desk.playing.stop()

    def routed(method: str, path: str, handler: Handler, limit: int = DEFAULT_LIMIT) -> Route:
        return Route(method, path, bound(desk, console.answering_pages(handler)), limit, door=Door.PAGE)

    return Service(
        name="desk",
        routes=[
            *(Route(one.method, one.path, bound(desk, one.handler), one.limit) for one in OPERATIONS if one.handler),
            Route("GET", "/api/openapi.json", bound(desk, openapi_handler(OPERATIONS))),
            *(routed(*told) for told in PAGES),
            routed("POST", "/ranges", ranges_page.change, ranges_page.BODY_LIMIT),
            routed("POST", "/compare", comparing.compare_files, comparing.BODY_LIMIT),
            routed("POST", "/check", reading.check_from_form, BODY_LIMIT),
            routed("POST", "/check/verdict", reading.verdict, BODY_LIMIT),
        ],
        streams=[
            Stream(EVENTS.method, EVENTS.path, event_stream(runtime.journal, of_transaction(runtime.journal))),
            Stream("GET", "/live", beats(runtime.journal, of_transaction(runtime.journal), Drawn(parts_of(desk)))),
            Stream("GET", "/demo/messages", event_stream(runtime.journal, demo_page.own_purchase(runtime.journal))),
        ],
        lifespan=lifespan,
        static=STATIC,
    )
