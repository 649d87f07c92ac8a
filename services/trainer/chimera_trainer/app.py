"""Composition root of the trainer service.

StartTraining … CancelTraining ─▶ Trainings ─▶ training.changed, build.changed (for a judge)
look, every second ─▶ Runner: leases one training that waits or was left ─▶ Job folder, with data of the gateway
Job folder ─▶ child process `python -m chimera_trainer.work` ─▶ progress.jsonl, checkpoints ─▶ points in the store
look, every second ─▶ Trainings: ends those whose budget is spent
child has ended well ─▶ Registry: the next version of the model ─▶ training.changed
"""

import uuid
from datetime import UTC, datetime

from chimera_shared import mongo
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_trainer.datasets import Datasets
from chimera_trainer.job import Jobs
from chimera_trainer.registry import Registry
from chimera_trainer.runner import Runner
from chimera_trainer.servicer import ModelServicer, TrainingServicer
from chimera_trainer.store import TrainerStore
from chimera_trainer.trainings import Trainings

NAME = "trainer"
_LOOK_SECONDS = 1.0


def create(settings: ServiceSettings, pool: EndpointPool) -> Service:
    """The service, not yet started; whoever starts it has opened the pool."""
    client = mongo.connect(settings.mongodb_uri)
    store, shared = TrainerStore(client[f"chimera_{NAME}"]), client[mongo.SHARED_DATABASE]
    bus = Bus(NAME, settings, DeadLetters(shared["dead_letters"], NAME, settings.max_dead_letters))
    registry, datasets = Registry(settings.models), Datasets(settings.gateway)
    trainings = Trainings(store, registry, datasets, pool.endpoints, bus, Books(shared["budgets"]), _now)
    holder = f"{settings.instance}/{uuid.uuid4().hex[:8]}"  # another after a restart, which has no child of its own
    runner = Runner(holder, store, trainings, Jobs(settings.jobs, settings.verifier), datasets, registry)
    return Service(
        NAME,
        settings,
        bus,
        RpcServer(settings, [TrainingServicer(trainings, store).register, ModelServicer(registry).register]),
        resources=[datasets, runner],
        prepare=[store.prepare],
        loops=[
            (runner.look, _LOOK_SECONDS),
            (trainings.look, _LOOK_SECONDS),
            (trainings.tell_again, settings.reconcile_seconds),
        ],
    )


def _now() -> datetime:
    return datetime.now(UTC)
