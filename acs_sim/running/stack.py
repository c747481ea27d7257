"""The whole simulator in one process: what its parties share, their lives, and the ports they are served on."""

import secrets
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from acs_sim.client.sharing.clock import clock_route, elsewhere, share_clock, take_over
from acs_sim.client.sharing.faults import share_faults
from acs_sim.running.data.data_folder import KEY_BYTES, KEY_FILE, FolderUnusable, claimed, master_key
from acs_sim.running.data.databases import opened
from acs_sim.running.data.health import Health
from acs_sim.running.data.retention import Forget, retaining
from acs_sim.running.namespaces import Hosted
from acs_sim.running.parties import PARTIES, Build
from acs_sim.running.pki.stack import StackTls
from acs_sim.running.ports import CannotStart, Served, listening, with_free_ports
from acs_sim.running.tracing import TracingUnavailable, exporting
from acs_sim.settings.addresses import TITLES, Addresses
from acs_sim.settings.certificates import PARTY_ROLES
from acs_sim.settings.names import names_of
from acs_sim.settings.settings import Settings, SettingsError
from threedsecure.addresses import split_namespace
from threedsecure.faults.packs import PACKS
from threedsecure.secrets.vault import SealBroken, Vault
from threedsecure.storage import ledger
from threedsecure.storage.errors import DatabaseUnusable
from threedsecure.storage.schema import SchemaNotSupported
from threedsecure.storage.sharing import faults as shared_faults_table
from threedsecure.web.calling.limits import SHARE, PeerLimits
from threedsecure.web.calling.outward import OutwardTransport
from threedsecure.web.calling.transport import HttpTransport, InProcessTransport
from threedsecure.web.clock import Clock
from threedsecure.web.faults.injector import Faults
from threedsecure.web.faults.requests import PartyTransport
from threedsecure.web.journal import Journal
from threedsecure.web.metrics import Measured
from threedsecure.web.randomness import Randomness
from threedsecure.web.scheduler import Loops
from threedsecure.web.serving.application import application
from threedsecure.web.serving.edge import DISPATCHER
from threedsecure.web.serving.service import Dispatcher, Runtime
from threedsecure.web.sharing.metrics import metrics_of
from threedsecure.web.sharing.processes import Shared

__all__ = ["CannotStart", "Stack", "running_stack", "with_free_ports"]

PHONE_CALLS: Final = ("/api/messages", "/api/prompts", "/api/wallet")
"""Of the ACS."""
SENDERS: Final = {"ds": "Directory Server", "acs": "ACS"}
"""Those whose requests may meet a fault, by their names in the messages."""


@dataclass(frozen=True)
class Stack:
    """A simulator that is running."""

    settings: Settings
    addresses: Addresses
    runtime: Runtime
    tls: StackTls | None = None
    peer_limits: PeerLimits = field(default_factory=PeerLimits)
    """What is asked of others beyond this process."""

    @property
    def clock(self) -> Clock:
        return self.runtime.clock

    @property
    def calling(self) -> ssl.SSLContext | None:
        """How its own addresses are called from outside, where TLS makes a difference."""
        return None if self.tls is None else self.tls.calling(self.settings.only[0]).calling


@asynccontextmanager
async def running_stack(
    settings: Settings, *, clock: Clock | None = None, parties: Mapping[str, Build] = PARTIES
) -> AsyncIterator[Stack]:
    """Run the parties that `settings` names for as long as the context lasts. `clock`: another one than the wall clock.

    Errors: `CannotStart`."""
    async with AsyncExitStack() as life:
        try:
            tls = StackTls(settings) if settings.tls else None
            hosted = Hosted(settings, partial(_begin_beside, tls, parties))
            stack, apps = await _begin(settings, tls, parties, life, clock=clock, namespaces=hosted)
            for served in _served(stack, apps):
                await life.enter_async_context(listening(settings, served))
            await life.enter_async_context(hosted.behind(apps, stack.runtime.loops))
        except (FolderUnusable, DatabaseUnusable, SchemaNotSupported, SettingsError, TracingUnavailable) as error:
            raise CannotStart(str(error)) from error
        except SealBroken as error:
            where = settings.database_file or f"{settings.data}/"
            raise CannotStart(f"{where} was sealed with another master key: restore the file {KEY_FILE}") from error
        yield stack


async def _begin(
    settings: Settings,
    tls: StackTls | None,
    parties: Mapping[str, Build],
    life: AsyncExitStack,
    *,
    clock: Clock | None = None,
    namespaces: Hosted | None = None,
) -> tuple[Stack, dict[str, web.Application]]:
    """A simulator that lives, and its applications, which nobody serves yet."""
    calling = None if tls is None else tls.calling(settings.only[0]).calling
    peer_limits = PeerLimits(max(1, settings.most_under_way // SHARE))
    session = await life.enter_async_context(HttpTransport.session(calling))
    transport = InProcessTransport(HttpTransport(session, peer_limits))
    runtime = await _runtime(settings, clock or await _clock(settings, transport), transport, life)
    stack = Stack(settings, settings.addresses, replace(runtime, namespaces=namespaces), tls, peer_limits)
    return stack, await _bring_to_life(stack, parties, transport, life)


async def _begin_beside(
    tls: StackTls | None, parties: Mapping[str, Build], settings: Settings, life: AsyncExitStack
) -> tuple[Journal, dict[str, web.Application]]:
    """A namespace: on a clock of its own."""
    stack, apps = await _begin(settings, tls, parties, life, clock=Clock())
    return stack.runtime.journal, apps


async def _clock(settings: Settings, transport: InProcessTransport) -> Clock:
    """A clock that shows what it shows to the parties that run elsewhere."""
    clock = Clock()
    clock.follow(await take_over(transport, settings.addresses, elsewhere(settings.only)))
    return clock


async def _runtime(settings: Settings, clock: Clock, transport: InProcessTransport, life: AsyncExitStack) -> Runtime:
    vault = Vault(_master_key(settings, life), secrets.token_bytes)
    loops = Loops()
    open_database, shared = await opened(settings, vault, life, loops)
    journal_database = open_database(ledger.SCHEMA)
    life.push_async_callback(journal_database.close)
    journal = Journal(journal_database, vault, shared, several=set(settings.only) != set(PARTIES))
    await life.enter_async_context(exporting(journal, settings.otlp_endpoint))
    await life.enter_async_context(journal.writing())
    await share_clock(clock, shared)
    randomness = _randomness(settings, shared)
    faults = Faults(clock, randomness, journal, transport)
    if settings.hostile:
        faults.stand(PACKS["hostile"].faults)
    life.push_async_callback(faults.close)
    shared_database = await share_faults(
        faults, shared, vault, lambda: open_database(shared_faults_table.SCHEMA), (transport, settings.addresses)
    )
    if shared_database is not None:
        life.push_async_callback(shared_database.close)
    most = settings.most_under_way
    return Runtime(
        *(clock, randomness, vault, journal, transport, open_database, faults),
        most_under_way=most,
        shared=shared,
        names=names_of(settings),
        loops=loops,
    )


def _randomness(settings: Settings, shared: Shared) -> Randomness:
    """Of several workers only one could have the sequence of a single process; with their own they share no identifier."""
    randomness = Randomness(settings.seed)
    if settings.workers > 1:
        randomness.seed(settings.seed, of=shared.worker)
    return randomness


def _master_key(settings: Settings, life: AsyncExitStack) -> bytes:
    if settings.fresh:  # what is kept nowhere may have a key that a seed tells: SecureCodes come from it
        return Randomness(settings.seed).of("vault").bytes(KEY_BYTES)
    folder = Path(settings.data)
    path = Path(settings.key_file) if settings.key_file is not None else folder / KEY_FILE
    database = settings.database_file
    databases = [database] if database is not None else folder.glob("*.sqlite3")
    if settings.postgresql is not None:
        return master_key(path, (), make=settings.key_file is None)
    key = master_key(path, databases, make=settings.key_file is None)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    life.enter_context(claimed(folder, settings.only))
    return key


async def _bring_to_life(
    stack: Stack, parties: Mapping[str, Build], transport: InProcessTransport, life: AsyncExitStack
) -> dict[str, web.Application]:
    """Every party lives before the first port is open, and every port is closed before the first party ends."""
    apps: dict[str, web.Application] = {}
    forgetting: list[Forget] = [stack.runtime.journal.forget_before]
    for name, build in parties.items():
        if name not in stack.settings.only:
            continue
        runtime = await _runtime_of(name, stack, transport, life)
        health = Health(runtime.open_database, (ledger.SCHEMA, runtime.journal.database))
        runtime = replace(runtime, open_database=health.open_database)
        built = build(runtime, stack.settings)
        metrics = metrics_of(built.name, runtime.shared)
        service = replace(built, routes=[*built.routes, clock_route(stack.clock, runtime.shared)])
        dispatcher = Dispatcher(service, runtime, metrics)
        await life.enter_async_context(service.lifespan())
        if service.forget_before is not None:
            forgetting.append(service.forget_before)
        for address in (stack.addresses.of(name), *service.also_at):
            transport.register(address, dispatcher.endpoints())
        figures = partial(_figures, health, stack.peer_limits)
        namespace, _ = split_namespace(urlsplit(stack.addresses.of(name)).path)
        apps[name] = application(service, dispatcher, metrics, [health.check], figures, namespace)
    await life.enter_async_context(retaining(forgetting, stack.clock, stack.settings.keep_for, stack.runtime.loops))
    return apps


def _served(stack: Stack, apps: Mapping[str, web.Application]) -> Iterator[Served]:
    for name, app in apps.items():
        tls = None if stack.tls is None else stack.tls.serving(name, app[DISPATCHER])
        yield TITLES[name], stack.settings.port(name), app, tls
    if stack.tls is not None and stack.settings.tls_revocation is not None:
        yield _told_of_revocation(stack, stack.tls, stack.settings.tls_revocation)


def _told_of_revocation(stack: Stack, tls: StackTls, address: str) -> Served:
    service, metrics = tls.revocation(), metrics_of("authority", stack.runtime.shared)
    return (
        "Revocation",
        urlsplit(address).port or 80,
        application(service, Dispatcher(service, stack.runtime, metrics), metrics),
        None,
    )


def _figures(health: Health, peer_limits: PeerLimits) -> list[Measured]:
    calls = {"under way": peer_limits.under_way, "refused": peer_limits.refused}
    return [
        Measured("calls", "Calls to others: under way, and refused since the start", "state", calls, of_process=True),
        health.waiting(),
    ]


async def _runtime_of(party: str, stack: Stack, transport: InProcessTransport, life: AsyncExitStack) -> Runtime:
    """The runtime as a party has it: what it sends may meet a fault, and never controls the simulator; with TLS it shows a
    certificate of its own to those it calls."""
    own = stack.runtime
    if stack.tls is not None:
        tls = stack.tls.calling(party)
        session = await life.enter_async_context(HttpTransport.session(tls.calling))
        own = replace(
            own,
            transport=transport.of(PARTY_ROLES.get(party, party), HttpTransport(session, stack.peer_limits)),
            tls=tls,
        )
    sender = SENDERS.get(party)
    if sender is not None:
        own = replace(own, transport=PartyTransport(own.faults, sender, own.transport))
    if party == "desk":
        return own
    called = frozenset(stack.addresses.phone + path for path in PHONE_CALLS) if party == "acs" else frozenset()
    return replace(own, transport=OutwardTransport(own.transport, own.names, called))
