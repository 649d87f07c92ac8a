"""Composition root of the evaluator service.

StartEvaluation … CancelEvaluation ─▶ Evaluations ─▶ evaluation.changed, build.changed (for judges)
evaluation.changed ─▶ Evaluations.advance ─▶ answer.requested
answer.requested ─▶ Answering (candidate model, VerifierService.Grade) ─▶ answer.graded
answer.graded ─▶ Evaluations.collect ─▶ counts; after the last one scores ─▶ evaluation.changed
"""

from datetime import UTC, datetime

from chimera_evaluator.answering import Answering
from chimera_evaluator.evaluations import Evaluations
from chimera_evaluator.handlers import stages
from chimera_evaluator.servicer import EvaluationServicer
from chimera_evaluator.store import EvaluatorStore
from chimera_evaluator.verifier import Verifier
from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.asking import Asking
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings

NAME = "evaluator"
_LOOK_SECONDS = 1.0


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started; whoever starts it has opened the pool."""
    client = mongo.connect(settings.mongodb_uri)
    store, shared = EvaluatorStore(client[f"chimera_{NAME}"]), client[mongo.SHARED_DATABASE]
    bus = Bus(NAME, settings, DeadLetters(shared["dead_letters"], NAME, settings.max_dead_letters))
    asking = Asking.of_service(NAME, settings, pool, client, bus.builds)
    verifier, books = Verifier(settings.verifier), Books(shared["budgets"])
    evaluations = Evaluations(store, verifier, pool.endpoints, bus, bus.builds, books, _now, settings.overdue_seconds)
    for stage in stages(evaluations, Answering(asking.models, verifier, store), store):
        bus.add(stage)
    return Service(
        NAME,
        settings,
        bus,
        RpcServer(settings, [EvaluationServicer(evaluations, store).register]),
        resources=[verifier, asking.purse],
        prepare=[store.prepare],
        loops=[
            *asking.loops,
            (evaluations.look, _LOOK_SECONDS),
            (evaluations.tell_all, settings.reconcile_seconds),
        ],
    )


def _now() -> datetime:
    return datetime.now(UTC)
