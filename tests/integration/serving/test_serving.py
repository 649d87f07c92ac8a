"""Models on a real Ray Serve: the official client, new versions without a restart, and a replica that is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import openai
import psutil
import pytest

import tinymodel
from ports import free_port

for needed in ("torch", "transformers", "ray"):
    pytest.importorskip(needed)

from chimera_inference.rayserve.plan import plan  # noqa: E402
from chimera_inference.rayserve.running import served  # noqa: E402
from chimera_shared.endpoints.config import parse  # noqa: E402

pytestmark = pytest.mark.integration
ASK = [{"role": "user", "content": "a b c d"}]


@pytest.fixture
async def place(tmp_path) -> AsyncIterator[tuple[openai.AsyncOpenAI, Path]]:
    tinymodel.write_words(tmp_path / "base", 1)
    base_url = f"http://127.0.0.1:{free_port()}/v1"
    serve = {"engine": "transformers", "source": str(tmp_path / "base"), "registered": True, "max_model_len": 64}
    teacher = {"engine": "procedural", "cpus": 0}
    endpoints = parse(
        {
            "tiny": {"base_url": base_url, "model": "tiny", "serve": serve},
            "teacher": {"base_url": base_url, "model": "teacher", "serve": teacher},
        }
    )
    models = tmp_path / "models"
    models.mkdir()
    async with (
        served(plan(endpoints, str(models))),
        openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client,
    ):
        yield client, models


async def said(client: openai.AsyncOpenAI, model: str) -> str:
    answer = await client.chat.completions.create(model=model, messages=ASK, max_tokens=12, temperature=0)
    return answer.choices[0].message.content or ""


async def test_served_models(place):
    client, models = place
    # What is served by name, then the versions: here the one that comes with the package.
    assert [model.id async for model in client.models.list()] == ["tiny", "teacher", "tiny@1"]
    base = await said(client, "tiny")
    assert "procedural engine" in await said(client, "teacher")

    # Streamed, it is the same, with its usage at the end.
    stream = await client.chat.completions.create(
        model="tiny", messages=ASK, max_tokens=12, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == base
    assert chunks[-1].usage.completion_tokens <= 12

    # What cannot be answered says so in the client's own errors.
    with pytest.raises(openai.NotFoundError, match="no version 'tiny@7'"):
        await said(client, "tiny@7")
    with pytest.raises(openai.NotFoundError, match="the models are tiny, teacher"):
        await said(client, "nobody")
    long = [{"role": "user", "content": "a " * 100}]
    with pytest.raises(openai.BadRequestError, match="the model takes 64"):
        await client.chat.completions.create(model="tiny", messages=long)

    # A version that appears in the registry is there at once, in the same replica.
    before = _replica()
    tinymodel.write_words(models / "trained" / "1", 2)
    (models / "trained" / "1" / "manifest.json").write_text("{}")
    assert "trained@1" in [model.id async for model in client.models.list()]
    assert await said(client, "trained@1") != base
    assert await said(client, "tiny") == base
    assert _replica() == before

    # A replica that is killed costs no request its answer or its typed error, and another takes its place.
    asked = [asyncio.create_task(said(client, "tiny")) for _ in range(20)]
    await asyncio.sleep(0.02)
    os.kill(before, signal.SIGKILL)
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert answer == base or isinstance(answer, openai.APIStatusError), repr(answer)
    async with asyncio.timeout(600):
        while (again := await _said_or_refused(client)) is None:  # noqa: ASYNC110 it starts in another process
            await asyncio.sleep(0.5)
    assert again == base


async def _said_or_refused(client: openai.AsyncOpenAI) -> str | None:
    try:
        return await said(client, "tiny")
    except openai.InternalServerError:
        return None


def _replica() -> int:
    """The process of the replica with weights."""
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    named = [p for p in psutil.process_iter(["cmdline"]) if "model-tiny" in "".join(p.info["cmdline"] or ())]
    (pid,) = [process.pid for process in named if process.pid in mine]
    return pid
