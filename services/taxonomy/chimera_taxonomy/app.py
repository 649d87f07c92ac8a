"""Composition root of the taxonomy service.

build.changed ─▶ Handlers.advance ─▶ Expander (proposer model) ─▶ QuotaKeeper ─▶ problem.requested
sample.settled ─▶ Handlers.settled ─▶ QuotaKeeper ─▶ problem.requested | quota.missed
"""

from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.asking import Asking
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_taxonomy.expansion import Expander
from chimera_taxonomy.handlers import Handlers
from chimera_taxonomy.quotas import QuotaKeeper
from chimera_taxonomy.servicer import TaxonomyServicer
from chimera_taxonomy.store import TaxonomyStore, utc_now

NAME = "taxonomy"


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started; whoever starts it has opened the pool."""
    client = mongo.connect(settings.mongodb_uri)
    database = client[f"chimera_{NAME}"]
    store = TaxonomyStore(database)
    letters = DeadLetters(client[mongo.SHARED_DATABASE]["dead_letters"], NAME, settings.max_dead_letters)
    bus = Bus(NAME, settings, letters)
    asking = Asking.of_service(NAME, settings, pool, client, bus.builds)
    models = asking.models
    keeper = QuotaKeeper(store, pool, bus.builds, settings.overdue_seconds, utc_now)
    for stage in Handlers(Expander(models), keeper, store, bus.builds).stages():
        bus.add(stage)
    server = RpcServer(settings, [TaxonomyServicer(store).register])
    return Service(NAME, settings, bus, server, resources=[asking.purse], prepare=[store.prepare], loops=asking.loops)
