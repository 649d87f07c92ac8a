"""How a service lives: what it consists of, how it starts, how it drains on SIGTERM."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from chimera_shared import telemetry
from chimera_shared.bus.broker import Bus
from chimera_shared.endpoints import config as endpoints
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.errors import ChimeraError
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings, load

log = logging.getLogger(__name__)
_SWITCH_SECONDS = 0.0005
Create = Callable[[ServiceSettings, EndpointPool], "Service"]
"""A service's composition root."""


@dataclass
class Service:
    """One service: what it needs opened first, its server, its bus, and what it does every so many seconds.

    It starts in this order and stops in the reverse: the bus drains while store and models are still there.
    """

    name: str
    settings: ServiceSettings
    bus: Bus
    server: RpcServer
    resources: Sequence[AbstractAsyncContextManager[Any]] = ()
    prepare: Sequence[Callable[[], Awaitable[None]]] = ()
    loops: Sequence[tuple[Callable[[], Awaitable[None]], float]] = ()
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    async def __aenter__(self) -> Self:
        try:
            for resource in self.resources:
                await self._stack.enter_async_context(resource)
            for step in self.prepare:
                await step()
            await self._stack.enter_async_context(self.bus)
            await self._stack.enter_async_context(self.server)
        except BaseException:
            await self._stack.aclose()
            raise
        for step, seconds in self.loops:
            task = asyncio.create_task(_for_ever(step, seconds))
            self._stack.push_async_callback(_cancelled, task)
        log.info("%s serves at %s", self.name, self.server.target)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        log.info("%s has drained", self.name)


def settle_interpreter() -> None:
    """Set what the interpreter does for a program of few threads and many messages.

    Garbage is collected less often: messages in flight are long-lived, and each collection walks all of them. With
    2,048 of them the default thresholds cost 0.1 ms of processor time a message. Threads change sooner: the event loop
    lets go of the interpreter at each read and write, and while a thread compares statements got it back 5 ms later.
    """
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(_SWITCH_SECONDS)


def log_tasks() -> None:
    """Log what every task waits for: where a build stands still, this says why. Sent for by SIGUSR1."""
    for task in asyncio.all_tasks():
        log.info("task %s waits: %s", task.get_name(), " > ".join(_awaited(task.get_coro())))


def _awaited(waiting: Any) -> Iterator[str]:
    """The coroutines that wait for one another, from the outermost to the one that waits for something else."""
    while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)) is not None:
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}"
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)


def main(create: Create) -> None:
    """Run a service until SIGTERM or SIGINT; exits 1 with one sentence if it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settle_interpreter()
    try:
        asyncio.run(_serve(create))
    except ChimeraError as error:
        sys.exit(str(error))


async def _serve(create: Create) -> None:
    settings = load(ServiceSettings)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, log_tasks)
    async with EndpointPool(endpoints.load(settings.endpoints)) as pool:
        service = create(settings, pool)
        with telemetry.exported(service.name, settings.instance):
            await _live(service, stop)


async def _live(service: Service, stop: asyncio.Event) -> None:
    """Start, serve until `stop`, drain. A start that waits for its broker is broken off by `stop`."""
    started = False

    async def life() -> None:
        nonlocal started
        async with service:
            started = True
            await stop.wait()

    living, stopping = asyncio.create_task(life()), asyncio.create_task(stop.wait())
    await asyncio.wait([living, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if living.done() or started:
        await living
        return
    log.info("%s is stopped before it has started", service.name)
    living.cancel()
    await asyncio.wait([living])


async def _for_ever(step: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Repeat a step; one that fails is logged and repeated like any other."""
    while True:
        try:
            await step()
        except ChimeraError as error:
            log.warning("%s waits: %s", step.__qualname__, error)
        except Exception:
            log.exception("%s failed", step.__qualname__)
        await asyncio.sleep(seconds)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
