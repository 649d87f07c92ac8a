"""A running server, and clients of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from openai import AsyncOpenAI

from chimera_inference.app import InferenceServer
from chimera_inference.config import Settings
from chimera_inference.dials import Dials


@pytest.fixture
async def server() -> AsyncIterator[InferenceServer]:
    running = InferenceServer(Settings(port=0, dials=Dials(latency_mean_seconds=0)))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def http(server: InferenceServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.base_url + "/") as session:
        yield session


@pytest.fixture
async def client(server: InferenceServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=server.base_url, api_key="unused", max_retries=0) as openai:
        yield openai
