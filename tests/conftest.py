"""A real broker and a real store for any test: those of the environment, or embedded ones, once a session."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
import pytest

# How long examples take says how busy the machine is. They are the same at each run, so that a change is judged by what
# it changes; --hypothesis-profile=default draws others.
hypothesis.settings.register_profile(
    "chimera", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("chimera")


@contextmanager
def _running(server) -> Iterator[None]:
    # In a thread with a loop of its own: each test has a new loop, while the server is supervised all the time.
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"embedded {server.noun}", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers; KAFKA_BOOTSTRAP_SERVERS wins over the embedded broker."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    from chimera_standalone.embedded import EmbeddedBroker

    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker"))
    with _running(broker):
        yield broker.bootstrap_servers


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store's URI; MONGODB_URI wins over the embedded store."""
    if given := os.environ.get("MONGODB_URI"):
        yield given
        return
    from chimera_standalone.embedded import EmbeddedStore

    store = EmbeddedStore(tmp_path_factory.mktemp("store"))
    with _running(store):
        yield store.uri
