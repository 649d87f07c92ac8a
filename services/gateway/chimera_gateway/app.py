"""Composition root of the gateway service.

SubmitBuild … CancelBuild ─▶ Builds ─▶ build.changed
every event of a sample ─▶ Tracker ─▶ counts, settled samples ─▶ Builds.complete ─▶ dataset.published
quota.missed ─▶ Builds.give_up ─▶ build.changed
StartRecall … CancelRecall ─▶ Recalls ─▶ Reverifying ─▶ build.changed, sample.recalled
sample.reverified, books of budgets, clock ─▶ Reverifying ─▶ samples' new evidence ─▶ dataset.published
books of budgets, clock ─▶ Limits ─▶ Builds.fail ─▶ build.changed, dataset.published (partial)
"""

from datetime import UTC, datetime, timedelta

from chimera_gateway.builds import Builds
from chimera_gateway.dead_letters import DeadLetterServicer
from chimera_gateway.handlers import stages
from chimera_gateway.limits import Limits
from chimera_gateway.live import Live
from chimera_gateway.recall_servicer import RecallServicer
from chimera_gateway.recall_store import RecallStore
from chimera_gateway.recalls import Recalls
from chimera_gateway.reverifying import Reverifying
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
_RECALLS_SECONDS = 1.0


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started. It asks no models; of the pool it only knows which endpoints may be named."""
    client = mongo.connect(settings.mongodb_uri)
    store, letters = GatewayStore(client[f"chimera_{NAME}"]), client[mongo.SHARED_DATABASE]["dead_letters"]
    bus = Bus(NAME, settings, DeadLetters(letters, NAME, settings.max_dead_letters))
    shared = client[mongo.SHARED_DATABASE]
    books, reports = Books(shared["budgets"]), EndpointReports(shared["endpoint_reports"])
    live = Live(books, reports)
    builds = Builds(store, pool.endpoints, bus, _now, live)
    tracker, limits = Tracker(store, builds), Limits(store, builds, books, _now)
    recall_store = RecallStore(client[f"chimera_{NAME}"])
    reverifying = Reverifying(store, recall_store, bus, _now, timedelta(seconds=settings.overdue_seconds), books)
    recalls = Recalls(store, recall_store, reverifying, pool.endpoints, _now, live)
    bus.add_quick("track", stages(tracker, reverifying))
    register = [BuildServicer(builds).register, SampleServicer(store, builds).register, DatasetServicer(store).register]
    register.append(DeadLetterServicer(Letterbox(letters, settings.max_dead_letters), bus).register)
    register.append(RecallServicer(recalls).register)
    return Service(
        NAME,
        settings,
        bus,
        RpcServer(settings, register),
        prepare=[store.prepare, recall_store.prepare],
        loops=[
            (tracker.flush, _FLUSH_SECONDS),
            (limits.enforce, _LIMITS_SECONDS),
            (reverifying.advance_all, _RECALLS_SECONDS),
            (reverifying.announce_all, settings.reconcile_seconds),
            (builds.announce_all, settings.reconcile_seconds),
        ],
    )


def _now() -> datetime:
    return datetime.now(UTC)
