"""Composition root of the inference service.

Settings → taxonomy and models (`completions.Scholar`) → dials → statistics and journal → chat → handlers → aiohttp.
`InferenceServer` runs the application in the caller's event loop; `python -m chimera_inference` is that and nothing
more.
"""

import asyncio
import signal
import time
from random import Random

from aiohttp import web

from .chat import Chat
from .completions import Scholar
from .config import Settings
from .dials import DialBoard
from .domain.families import all_families
from .domain.taxonomy import procedural_taxonomy
from .handlers import Handlers
from .journal import Journal
from .refusals import openai_errors
from .stats import Stats

# A chat request with a statement and a repair turn is some kilobytes.
MAX_BODY_BYTES = 4 * 1024 * 1024
# How long requests in flight may go on after a stop; hanging ones never end by themselves.
DRAIN_SECONDS = 1.0
_BACKLOG = 4096


def create_app(settings: Settings) -> web.Application:
    """The application; raises ValueError if a model's dials are none or the journal cannot be written."""
    all_families()
    taxonomy = procedural_taxonomy()
    scholars = {model.name: Scholar(model.accuracy, taxonomy) for model in settings.models}
    board = DialBoard(settings.dials, {model.name: model.dials for model in settings.models}, time.monotonic)
    stats, journal = Stats(time.monotonic, scholars), Journal(settings.journal)
    chat = Chat(scholars, board, stats, journal, Random(settings.seed))  # noqa: S311  not for secrets
    handlers = Handlers(scholars, board, stats, chat)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[openai_errors])
    app.add_routes(handlers.routes())

    async def close_journal(_: web.Application) -> None:
        journal.close()

    app.on_cleanup.append(close_journal)
    return app


class InferenceServer:
    """The server within a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A client that goes away frees its place at once.
        self._runner = web.AppRunner(
            create_app(settings), access_log=None, handler_cancellation=True, shutdown_timeout=DRAIN_SECONDS
        )
        self._port = settings.port

    async def start(self) -> None:
        """Listens; OSError if the port is in use."""
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._settings.host, self._settings.port, backlog=_BACKLOG)
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Lets requests in flight go on for a moment and closes every connection."""
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self._port}/v1"


async def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM and says on standard output where."""
    server = InferenceServer(settings)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await server.start()
    print(f"chimera-inference listens on {server.base_url}", flush=True)
    await stopped.wait()
    await server.stop()
