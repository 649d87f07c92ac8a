"""Composition root of the standalone process: every service in one event loop, with a broker and a store of its own.

data directory ─▶ EmbeddedBroker, EmbeddedStore (child processes; not started where the environment names real ones)
procedural engine ─▶ endpoints `procedural-*`, beside those that the user configured
taxonomy, generator, verifier, gateway, evaluator, trainer ─▶ the same `create` that each service's own process calls
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import chimera_evaluator.app
import chimera_gateway.app
import chimera_generator.app
import chimera_taxonomy.app
import chimera_trainer.app
import chimera_verifier.app
from chimera_inference.app import InferenceServer
from chimera_shared import telemetry
from chimera_shared.bus.broker import ensure_topics
from chimera_shared.endpoints.config import Endpoint, Endpoints
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.lifecycle import Service, settle_interpreter
from chimera_shared.settings import ServiceSettings, load
from chimera_shared.together import all_of
from chimera_standalone import procedural
from chimera_standalone.child import ChildServer
from chimera_standalone.directory import models_folder
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore

_INSTANCE = "standalone"
_PROCEDURAL_IN_FLIGHT = 64
_STAGES = (chimera_taxonomy.app.create, chimera_generator.app.create)


class _Watch:
    """Ends its block with the cause when a child is given up; until then its supervisor starts it again."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._block: asyncio.Task[object] | None = None
        self._cause: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._block = asyncio.current_task()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._cause is not None:
            raise self._cause

    def add(self, child: ChildServer) -> None:
        """Watch a child from now on."""
        task = asyncio.create_task(child.watch())
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or (cause := task.exception()) is None or self._cause is not None:
            return
        self._cause = cause
        if self._block is not None:
            self._block.cancel()


Tell = Callable[[str], None]
"""Takes a sentence about what is being done, for a person who waits."""


def _quiet(_: str) -> None:
    pass


class Standalone:
    """Runs everything between `__aenter__` and `__aexit__`; `gateway_target` is where to send orders.

    The gateway listens on `port`, the verifier on `verifier_port`; 0 takes a free one, as all other services do.
    """

    def __init__(
        self,
        data_dir: Path,
        endpoints: Endpoints,
        *,
        port: int = 0,
        verifier_port: int = 0,
        evaluator_port: int | None = None,
        trainer_port: int | None = None,
        tell: Tell = _quiet,
    ) -> None:
        self.gateway_target = ""
        self.verifier_target = ""
        self.evaluator_target = ""
        self.trainer_target = ""
        self.endpoints: Endpoints = {}
        self._data_dir = data_dir
        self._own_endpoints = endpoints
        self._port = port
        self._verifier_port = verifier_port
        self._evaluator_port = evaluator_port
        self._trainer_port = trainer_port
        self._tell = tell
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        settle_interpreter()
        try:
            self._stack.enter_context(telemetry.exported(_INSTANCE, _INSTANCE))
            self._children = await self._stack.enter_async_context(_Watch())
            settings = await self._surroundings()
            self._tell("starting the services")
            self.endpoints = {**await self._procedural(), **self._own_endpoints}
            pool = await self._stack.enter_async_context(EndpointPool(self.endpoints))
            services = [create(settings, pool) for create in _STAGES]
            verifier = chimera_verifier.app.create(settings.model_copy(update={"port": self._verifier_port}), pool)
            gateway = chimera_gateway.app.create(settings.model_copy(update={"port": self._port}), pool)
            verifier.server.bind()
            gateway.server.bind()
            self.verifier_target, self.gateway_target = verifier.server.target, gateway.server.target
            evaluators = [self._evaluator(settings, pool)] if self._evaluator_port is not None else []
            # At once, for each mostly waits for the broker to let it into its consumer groups.
            trainers = [self._trainer(settings, pool)] if self._trainer_port is not None else []
            every = (*services, verifier, gateway, *evaluators, *trainers)
            await all_of(*(self._stack.enter_async_context(service) for service in every))
            self.evaluator_target = evaluators[0].server.target if evaluators else ""
            self.trainer_target = trainers[0].server.target if trainers else ""
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, tb)

    async def _surroundings(self) -> ServiceSettings:
        """Settings that name a broker and a store: the environment's, or embedded ones started here."""
        settings = load(ServiceSettings)  # a wrong one is told before a child is started
        changes: dict[str, object] = {"port": 0, "instance": os.environ.get("CHIMERA_INSTANCE", _INSTANCE)}
        if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            self._tell("starting the embedded broker")
            broker = EmbeddedBroker(
                self._data_dir / "broker", on_restart=lambda: ensure_topics(broker.bootstrap_servers, 1)
            )
            await self._child(broker)
            changes["kafka_bootstrap_servers"] = broker.bootstrap_servers
        if not os.environ.get("MONGODB_URI"):
            self._tell("starting the embedded store")
            store = EmbeddedStore(self._data_dir / "store")
            await self._child(store)
            changes["mongodb_uri"] = store.uri
        return settings.model_copy(update=changes)

    def _evaluator(self, settings: ServiceSettings, pool: EndpointPool) -> Service:
        changes = {"port": self._evaluator_port, "verifier": self.verifier_target}
        return chimera_evaluator.app.create(settings.model_copy(update=changes), pool)

    def _trainer(self, settings: ServiceSettings, pool: EndpointPool) -> Service:
        changes: dict[str, object] = {
            "port": self._trainer_port,
            "verifier": self.verifier_target,
            "gateway": self.gateway_target,
        }
        changes["models"] = models_folder(self._data_dir)
        if "CHIMERA_JOBS" not in os.environ:
            changes["jobs"] = self._data_dir / "jobs"
        return chimera_trainer.app.create(settings.model_copy(update=changes), pool)

    async def _child(self, child: ChildServer) -> None:
        await child.start()
        self._stack.push_async_callback(child.stop)
        self._children.add(child)

    async def _procedural(self) -> dict[str, Endpoint]:
        """The teacher without weights, one endpoint for each of its models."""
        settings = procedural.settings()
        server = InferenceServer(settings)
        await server.start()
        self._stack.push_async_callback(server.stop)
        return {
            model.name: Endpoint(base_url=server.base_url, model=model.name, max_in_flight=_PROCEDURAL_IN_FLIGHT)
            for model in settings.models
        }
