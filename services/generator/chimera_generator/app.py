"""Composition root of the generator service.

problem.requested ─▶ Proposer (proposer model) ─▶ problem.proposed
problem.validated ─▶ Solver (solver model) ─▶ solution.synthesised
"""

from chimera_generator.handlers import stages
from chimera_generator.proposer import Proposer
from chimera_generator.servicer import GeneratorServicer
from chimera_generator.solver import Solver
from chimera_generator.store import GeneratorStore
from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.asking import Asking
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings

NAME = "generator"


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started; whoever starts it has opened the pool."""
    client = mongo.connect(settings.mongodb_uri)
    database = client[f"chimera_{NAME}"]
    letters = DeadLetters(client[mongo.SHARED_DATABASE]["dead_letters"], NAME, settings.max_dead_letters)
    bus = Bus(NAME, settings, letters)
    asking = Asking.of_service(NAME, settings, pool, client, bus.builds)
    models = asking.models
    proposer = Proposer(models)
    for stage in stages(proposer, Solver(models), GeneratorStore(database)):
        bus.add(stage)
    server = RpcServer(settings, [GeneratorServicer(proposer).register])
    return Service(NAME, settings, bus, server, resources=[asking.purse], loops=asking.loops)
