"""Each dial does what it says, live."""

import asyncio
import itertools
import json
from random import Random
from typing import Any

import aiohttp
import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from yarl import URL

from chimera_inference.app import InferenceServer
from chimera_inference.dials import DialBoard, Dials, UnknownDial
from chimera_inference.domain import teacher

STATEMENT = "Evaluate the definite integral of f(x) = 3x^2 + 1 from x = 0 to x = 2. Give the exact value."
TOPIC = "Subject: Chemistry\nField: Gas Laws\nTopic: Amount of gas left after a leak"
PROBLEM: Any = {"type": "json_schema", "json_schema": {"name": "problem", "schema": {}}}


async def dial(http: aiohttp.ClientSession, **changes: Any) -> None:
    async with http.put("dials", json=changes) as response:
        assert response.status == 200, await response.text()


async def solve(client: AsyncOpenAI, seed: int = 1, model: str = "procedural-teacher", **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": STATEMENT}]
    return await client.chat.completions.create(model=model, messages=messages, seed=seed, **more)


async def propose(client: AsyncOpenAI, seed: int) -> str:
    messages: Any = [{"role": "user", "content": TOPIC}]
    reply = await client.chat.completions.create(
        model="procedural-teacher", messages=messages, seed=seed, response_format=PROBLEM
    )
    return reply.choices[0].message.content or ""


async def test_refusals(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, rate_429=1, retry_after_seconds=2.5)
    with pytest.raises(openai.RateLimitError) as caught:
        await solve(client)
    assert caught.value.response.headers["retry-after"] == "2.5"
    await dial(http, rate_429=0, rate_5xx=1)
    with pytest.raises(openai.InternalServerError):
        await solve(client)
    await dial(http, status=403)
    with pytest.raises(openai.PermissionDeniedError):
        await solve(client)
    await dial(http, status=None, rate_5xx=0)
    await solve(client)


async def test_rates_are_shares(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, rate_429=0.3)
    results = await asyncio.gather(*(solve(client, seed) for seed in range(200)), return_exceptions=True)
    assert 35 <= sum(isinstance(result, openai.RateLimitError) for result in results) <= 85


async def test_malformed_content(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, malformed_rate=1)
    with pytest.raises(json.JSONDecodeError):
        json.loads(await propose(client, 1))
    reply = await solve(client)
    assert "boxed" not in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"


async def test_wrong_reference_answers(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    async def wrong_among(count: int) -> int:
        wrong = 0
        for seed in range(count):
            problem = json.loads(await propose(client, seed))
            truth = teacher.solve(problem["problem"], Random(0), wrong=False)
            assert truth is not None
            assert truth.answer is not None
            wrong += truth.answer.value != problem["answer"]["value"]
        return wrong

    assert await wrong_among(60) == 0
    await dial(http, wrong_rate=0.5)
    assert 15 <= await wrong_among(60) <= 45


async def test_duplicates(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    assert len({json.loads(await propose(client, seed))["problem"] for seed in range(40)}) == 40
    await dial(http, duplicate_rate=1)
    repeated = {json.loads(await propose(client, seed))["problem"] for seed in range(40)}
    assert 1 < len(repeated) <= teacher.REPERTOIRE_WHEN_REPEATING


async def test_truncation(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, truncated_rate=1)
    assert (await solve(client)).choices[0].finish_reason == "length"


@pytest.mark.parametrize("stream", [True, False])
async def test_resets_in_mid_answer(http: aiohttp.ClientSession, client: AsyncOpenAI, stream: bool) -> None:
    await dial(http, reset_rate=1)

    async def read_all() -> None:
        reply = await solve(client, stream=stream)
        _ = [chunk async for chunk in reply]

    with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
        await read_all()
    async with http.get("stats") as response:
        seen = await response.json()
    assert (seen["answered"], seen["by_status"]) == (0, {"reset": 1})


async def test_hanging_requests_end_with_their_client(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, hang_rate=1)
    with pytest.raises(openai.APITimeoutError):
        await solve(client, timeout=1)
    assert (await until_in_flight(http, 0))["by_status"] == {"cancelled": 1}


async def until_in_flight(http: aiohttp.ClientSession, requests: int) -> Any:
    """The statistics once there are so many."""
    async with asyncio.timeout(60):
        while True:
            async with http.get("stats") as response:
                seen = await response.json()
            if seen["in_flight"] == requests:
                return seen
            await asyncio.sleep(0.02)


async def require_refused(http: aiohttp.ClientSession, requests: list[Any], refused: int) -> None:
    """Of requests that are never answered so many are refused, and the others are in flight."""
    asked = [asyncio.create_task(request) for request in requests]
    for done in itertools.islice(asyncio.as_completed(asked), refused):
        with pytest.raises(openai.RateLimitError):
            await done
    await until_in_flight(http, len(requests) - refused)
    for task in asked:
        task.cancel()
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(end, openai.RateLimitError) for end in ends) == refused


async def test_more_in_flight_than_allowed_is_429(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, max_in_flight=3, hang_rate=1)
    await require_refused(http, [solve(client, seed) for seed in range(8)], 5)


async def test_a_limit_of_one_model_counts_its_own(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    own = {"max_in_flight": 2, "hang_rate": 1}
    await dial(http, models={"procedural-weak": own, "procedural-strong": own})
    models = ("procedural-weak", "procedural-strong")
    await require_refused(http, [solve(client, seed, model) for seed in range(3) for model in models], 2)


async def test_a_request_that_is_not_read_yet_takes_no_place(
    server: InferenceServer, http: aiohttp.ClientSession, client: AsyncOpenAI
) -> None:
    await dial(http, max_in_flight=1)
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    address = URL(server.base_url)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(head.encode())
    await until_in_flight(http, 1)
    await solve(client)
    writer.close()


async def test_an_outage_refuses_everything_until_it_is_over(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, outage_seconds=3600, models={"procedural-weak": {"outage_status": 503}})
    with pytest.raises(openai.RateLimitError) as caught:
        await solve(client)
    assert caught.value.response.headers["retry-after"] == "1"
    with pytest.raises(openai.InternalServerError):
        await solve(client, model="procedural-weak")
    await dial(http, outage_seconds=0)
    await solve(client)


def test_an_outage_ends_by_the_clock_and_begins_when_it_is_set() -> None:
    now = 100.0
    board = DialBoard(Dials(), {"a": {}, "b": {}}, lambda: now)
    board.change({"models": {"a": {"outage_seconds": 20}}})
    assert (board.is_out("a"), board.is_out("b")) == (True, False)
    now = 119.0
    board.change({"rate_429": 0.5})
    assert board.is_out("a")
    now = 120.0
    assert not board.is_out("a")
    board.change({"outage_seconds": 5, "models": {"a": {"outage_seconds": 9}}})
    now = 126.0
    assert (board.is_out("a"), board.is_out("b")) == (True, False)
    board.reset()
    assert not board.is_out("a")


@pytest.mark.parametrize(
    ("fault", "kind"), [("not_json_rate", "text/html"), ("not_completion_rate", "application/json")]
)
async def test_garbage_comes_with_200(http: aiohttp.ClientSession, fault: str, kind: str) -> None:
    await dial(http, **{fault: 1})
    asked = {"model": "procedural-teacher", "messages": [{"role": "user", "content": STATEMENT}]}
    async with http.post("chat/completions", json=asked) as response:
        assert (response.status, response.content_type) == (200, kind)
        text = await response.text()
    assert "choices" not in text
    async with http.get("stats") as response:
        seen = await response.json()
    assert (seen["answered"], seen["refused"], seen["by_status"]) == (0, 0, {"garbage": 1})


async def test_empty_answers(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, empty_rate=1)
    reply = await solve(client)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("", "stop")
    assert (reply.usage.completion_tokens, reply.usage.prompt_tokens > 0) == (0, True)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_trickling_answer_is_whole(http: aiohttp.ClientSession, client: AsyncOpenAI, stream: bool) -> None:
    await dial(http, trickle_rate=1, trickle_pause_seconds=0)
    reply = await solve(client, stream=stream)
    if stream:
        content = "".join([chunk.choices[0].delta.content or "" async for chunk in reply])
    else:
        content = reply.choices[0].message.content
    assert "boxed{10}" in content


async def test_a_trickling_answer_is_slow(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, trickle_rate=1, trickle_pause_seconds=60)
    with pytest.raises(openai.APITimeoutError):
        await solve(client, timeout=0.3)


async def test_one_model_alone(http: aiohttp.ClientSession, client: AsyncOpenAI) -> None:
    await dial(http, models={"procedural-weak": {"status": 500}})
    with pytest.raises(openai.InternalServerError):
        await solve(client, model="procedural-weak")
    await solve(client)
    await dial(http, models={"procedural-teacher": {"accuracy": 0}})
    assert "boxed{10}" not in (await solve(client)).choices[0].message.content
    async with http.delete("dials") as response:
        assert response.status == 200
    await solve(client, model="procedural-weak")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate_430": 1}, ("rate_430", "is not a dial")),
        ({"rate_429": 2}, ("rate_429", "less than or equal to 1")),
        ({"models": {"gpt-9": {}}}, ("gpt-9", "procedural-weak")),
        ({"models": {"procedural-weak": {"speed": 1}}}, ("speed", "is not a dial")),
        ({"models": 5}, ("models",)),
        ([], ("JSON object",)),
    ],
)
async def test_unknown_dials_change_nothing(http: aiohttp.ClientSession, changes: Any, words: tuple[str, ...]) -> None:
    async with http.get("dials") as response:
        before = await response.json()
    async with http.put("dials", json=changes) as response:
        assert response.status == 400
        message = (await response.json())["error"]["message"]
    assert all(word in message for word in words)
    async with http.get("dials") as response:
        assert await response.json() == before


def test_latency_has_the_mean_and_the_cap() -> None:
    rng = Random(1)
    draws = [Dials(latency_mean_seconds=2, latency_sigma=1).latency(rng) for _ in range(20_000)]
    assert 1.9 < sum(draws) / len(draws) < 2.1
    capped = Dials(latency_mean_seconds=2, latency_sigma=2, latency_cap_seconds=3)
    assert max(capped.latency(rng) for _ in range(1000)) == 3


def test_wrong_dials_of_the_configuration_are_refused() -> None:
    with pytest.raises(UnknownDial, match="speed"):
        DialBoard(Dials(), {"m": {"speed": 1}}, lambda: 0.0)
