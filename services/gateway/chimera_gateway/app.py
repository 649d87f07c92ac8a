"""Composition root of the gateway service.

SubmitBuild … CancelBuild ─▶ Builds ─▶ build.changed
every event of a sample ─▶ Tracker ─▶ counts, settled samples ─▶ Builds.complete ─▶ dataset.published
quota.missed ─▶ Builds.give_up ─▶ build.changed
books of budgets, clock ─▶ Limits ─▶ Builds.fail ─▶ build.changed, dataset.published (partial)
"""

from datetime import UTC, datetime

from chimera_gateway.builds import Builds
from chimera_gateway.dead_letters import DeadLetterServicer
from chimera_gateway.handlers import stages
from chimera_gateway.limits import Limits
from chimera_gateway.live import Live
from chimera_gateway.servicer import BuildServicer, DatasetServicer, SampleServicer
from chimera_gateway.store import GatewayStore
from chimera_gateway.tracker import Tracker
from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters, Letterbox
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.reports import EndpointReports
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings

NAME = "gateway"
_FLUSH_SECONDS = 0.3
_LIMITS_SECONDS = 1.0


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started. It asks no models; of the pool it only knows which endpoints may be named."""
    client = mongo.connect(settings.mongodb_uri)
    store, letters = GatewayStore(client[f"chimera_{NAME}"]), client[mongo.SHARED_DATABASE]["dead_letters"]
    bus = Bus(NAME, settings, DeadLetters(letters, NAME, settings.max_dead_letters))
    shared = client[mongo.SHARED_DATABASE]
    books, reports = Books(shared["budgets"]), EndpointReports(shared["endpoint_reports"])
    builds = Builds(store, pool.endpoints, bus, _now, Live(books, reports))
    tracker, limits = Tracker(store, builds), Limits(store, builds, books, _now)
    bus.add_quick("track", stages(tracker))
    register = [BuildServicer(builds).register, SampleServicer(store, builds).register, DatasetServicer(store).register]
    register.append(DeadLetterServicer(Letterbox(letters, settings.max_dead_letters), bus).register)
    return Service(
        NAME,
        settings,
        bus,
        RpcServer(settings, register),
        prepare=[store.prepare],
        loops=[
            (tracker.flush, _FLUSH_SECONDS),
            (limits.enforce, _LIMITS_SECONDS),
            (builds.announce_all, settings.reconcile_seconds),
        ],
    )


def _now() -> datetime:
    return datetime.now(UTC)
