"""Composition root of the taxonomy service.

build.changed ─▶ Handlers.advance ─▶ Expander (proposer model) ─▶ QuotaKeeper ─▶ problem.requested
sample.settled ─▶ Handlers.settled ─▶ QuotaKeeper ─▶ problem.requested | quota.missed
"""

from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.endpoints.ledger import Ledger
from chimera_shared.endpoints.models import Models
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
    database = mongo.connect(settings.mongodb_uri)[f"chimera_{NAME}"]
    store = TaxonomyStore(database)
    bus = Bus(NAME, settings)
    expander = Expander(Models(pool, Ledger(database["calls"])))
    keeper = QuotaKeeper(store, pool, settings.overdue_seconds, utc_now)
    for stage in Handlers(expander, keeper, store, bus.builds).stages():
        bus.add(stage)
    server = RpcServer(settings, [TaxonomyServicer(store).register])
    return Service(NAME, settings, bus, server, prepare=[store.prepare])
