"""Composition root of the gateway service.

SubmitBuild … CancelBuild ─▶ Builds ─▶ build.changed
every event of a sample ─▶ Tracker ─▶ counts, settled samples ─▶ Builds.complete ─▶ dataset.published
quota.missed ─▶ Builds.give_up ─▶ build.changed
"""

from datetime import UTC, datetime

from chimera_gateway.builds import Builds
from chimera_gateway.dead_letters import DeadLetterServicer
from chimera_gateway.handlers import stages
from chimera_gateway.servicer import BuildServicer, DatasetServicer, SampleServicer
from chimera_gateway.store import GatewayStore
from chimera_gateway.tracker import Tracker
from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters, Letterbox
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings

NAME = "gateway"
_FLUSH_SECONDS = 0.3


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started. It asks no models; of the pool it only knows which endpoints may be named."""
    client = mongo.connect(settings.mongodb_uri)
    store, letters = GatewayStore(client[f"chimera_{NAME}"]), client[mongo.SHARED_DATABASE]["dead_letters"]
    bus = Bus(NAME, settings, DeadLetters(letters, NAME, settings.max_dead_letters))
    builds = Builds(store, pool.endpoints, bus, lambda: datetime.now(UTC))
    tracker = Tracker(store, builds)
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
            (builds.announce_all, settings.reconcile_seconds),
        ],
    )
