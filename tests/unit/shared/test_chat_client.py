import asyncio
import datetime
import json
import socket
import ssl
import subprocess
from email.utils import format_datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chimera_shared.endpoints import client
from chimera_shared.endpoints.client import CallFailed, CallRefused, ChatClient
from chimera_shared.endpoints.config import Endpoint

BODY = {"model": "m", "messages": [{"role": "user", "content": "1+1?"}]}


async def complete(fault_server, **changes):
    async with ChatClient() as chat:
        return await chat.complete(Endpoint(**fault_server.endpoint(**changes)), BODY)


def says(status: int, body: object = None, **headers):
    return lambda _: web.json_response({"error": body} if body else {}, status=status, headers=headers)


async def test_an_answer_keeps_reasoning_apart(fault_server, answer):
    fault_server.answer = lambda _: answer("2", reasoning_content="one and one")

    found = await complete(fault_server)

    assert (found.content, found.reasoning, found.finish_reason) == ("2", "one and one", "stop")
    assert (found.input_tokens, found.output_tokens) == (7, 5)
    assert 0 < found.latency_seconds < 5
    assert fault_server.asked == [BODY]
    assert "Authorization" not in fault_server.headers[0]


@pytest.mark.parametrize(
    ("message", "reasoning"),
    [({"reasoning": "short name"}, "short name"), ({"reasoning_content": None, "reasoning": "r"}, "r"), ({}, "")],
)
async def test_reasoning_has_two_names(fault_server, answer, message, reasoning):
    fault_server.answer = lambda _: answer("2", **message)

    assert (await complete(fault_server)).reasoning == reasoning


async def test_an_answer_without_content_or_usage_is_empty(fault_server):
    fault_server.answer = lambda _: web.json_response({"choices": [{"message": {"content": None}}]})

    found = await complete(fault_server)

    assert (found.content, found.finish_reason, found.input_tokens, found.output_tokens) == ("", "stop", 0, 0)


@pytest.mark.parametrize(
    ("tokens", "counted"), [((-5, 1), (0, 1)), ((1e300, 2**70), (client._MAX_TOKENS, client._MAX_TOKENS))]
)
async def test_nonsensical_token_counts_are_bounded(fault_server, answer, tokens, counted):
    fault_server.answer = lambda _: answer("2", usage=tokens)

    found = await complete(fault_server)

    assert (found.input_tokens, found.output_tokens) == counted


async def test_the_key_is_sent_and_nothing_else_of_it(fault_server, answer, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    fault_server.answer = lambda _: answer("2")

    await complete(fault_server, api_key_env="SOME_KEY")

    assert fault_server.headers[0]["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in json.dumps(fault_server.asked)


async def test_without_its_key_an_endpoint_is_not_even_asked(fault_server, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)

    with pytest.raises(CallRefused, match="SOME_KEY is not set"):
        await complete(fault_server, api_key_env="SOME_KEY")

    assert fault_server.asked == []


@pytest.mark.parametrize("status", [401, 400])
async def test_a_key_that_the_server_repeats_is_not_repeated_by_us(fault_server, monkeypatch, status):
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    fault_server.answer = says(status, {"message": "Incorrect API key provided: sk-secret."})

    with pytest.raises(CallRefused, match=r"Incorrect API key provided: \*\*\*\.") as caught:
        await complete(fault_server, api_key_env="SOME_KEY")

    assert "sk-secret" not in str(caught.value)


async def test_429_with_seconds(fault_server):
    fault_server.answer = says(429, {"message": "slow down"}, **{"Retry-After": "2.5"})

    with pytest.raises(CallFailed, match="answered 429: slow down") as caught:
        await complete(fault_server)

    assert caught.value.retry_after == 2.5


async def test_429_with_a_date(fault_server):
    date = format_datetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60), usegmt=True)
    fault_server.answer = says(429, "wait", **{"Retry-After": date})

    with pytest.raises(CallFailed) as caught:
        await complete(fault_server)

    assert caught.value.retry_after == pytest.approx(60, abs=30)


@pytest.mark.parametrize("value", ["soon", "", "-3", "nan", "Fri, 99 Foo 2026"])
async def test_429_with_nonsense_wishes_for_nothing(fault_server, value):
    fault_server.answer = says(429, "wait", **{"Retry-After": value})

    with pytest.raises(CallFailed) as caught:
        await complete(fault_server)

    assert not caught.value.retry_after


@given(st.text(max_size=40))
def test_whatever_stands_in_retry_after_is_a_time_or_nothing(value):
    found = client._retry_after(value)

    assert found is None or found >= 0


async def test_429_for_want_of_money_is_refused(fault_server):
    fault_server.answer = says(429, {"code": "insufficient_quota", "message": "You exceeded your current quota"})

    with pytest.raises(CallRefused, match="You exceeded your current quota"):
        await complete(fault_server)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 413, 422, 501])
async def test_what_trying_again_does_not_mend_is_refused(fault_server, status):
    fault_server.answer = says(status, {"message": "no"}, Location="http://127.0.0.1:9/elsewhere")

    with pytest.raises(CallRefused, match=f"answered {status}: no"):
        await complete(fault_server)

    assert len(fault_server.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
async def test_what_may_pass_has_failed_this_time(fault_server, status):
    fault_server.answer = says(status, {"message": "busy"})

    with pytest.raises(CallFailed, match=f"answered {status}: busy"):
        await complete(fault_server)


@pytest.mark.parametrize(
    "body",
    [b"<html>\n<b>Bad\x00 Gateway</b>", b"\xff\xfe", b"", b"[1]", b'"text"', b'{"error": "text"}', b'{"error": []}'],
)
async def test_errors_of_any_shape_become_one_line(fault_server, body):
    fault_server.answer = lambda _: web.Response(body=body, status=502)

    with pytest.raises(CallFailed, match="answered 502") as caught:
        await complete(fault_server)

    assert str(caught.value).isprintable()


async def test_a_long_error_is_cut(fault_server):
    fault_server.answer = says(500, {"message": "x" * 100_000})

    with pytest.raises(CallFailed) as caught:
        await complete(fault_server)

    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not JSON",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"choices": []}',
        b'{"choices": null}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": [{"type": "text", "text": "2"}]}}]}',
        b'{"choices": [{"message": {"content": "2"}, "finish_reason": 3}]}',
        b'{"choices": [{"message": {"content": "2", "reasoning_content": {"a": 1}}}]}',
        b'{"choices": [{"message": {"content": "2"}}], "usage": [1]}',
        b'{"choices": [{"message": {"content": "2"}}], "usage": {"prompt_tokens": "many"}}',
        b'{"choices": [{"message": {"content": "\\ud800"}}]}',
        b"[" * 5000,
    ],
)
async def test_what_is_not_a_chat_completion_has_failed(fault_server, raw):
    fault_server.answer = lambda _: web.Response(body=raw)

    with pytest.raises(CallFailed, match="is not a chat completion"):
        await complete(fault_server)


async def test_an_overlong_answer_is_refused_before_it_fills_the_memory(fault_server):
    sent = 0

    async def flood(request):
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(40):
            await response.write(b"x" * (1 << 20))
            sent += 1
        return response

    flood.raw = True
    fault_server.answer = flood

    with pytest.raises(CallRefused, match="longer than"):
        await complete(fault_server)

    assert sent < 40


async def test_a_connection_that_breaks_in_the_answer_has_failed(fault_server):
    async def breaks(request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        request.transport.abort()
        return response

    breaks.raw = True
    fault_server.answer = breaks

    with pytest.raises(CallFailed, match=r"the connection to http://127\.0\.0\.1"):
        await complete(fault_server)


async def test_no_answer_in_time_has_failed_and_frees_the_server(fault_server):
    async def hangs(_):
        await asyncio.sleep(30)

    fault_server.answer = hangs

    with pytest.raises(CallFailed, match=r"gave no answer within 0\.1 s"):
        await complete(fault_server, timeout_seconds=0.1)


async def test_half_an_answer_and_then_nothing_has_failed(fault_server):
    async def stalls(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"choices": [')
        await asyncio.sleep(30)

    stalls.raw = True
    fault_server.answer = stalls

    with pytest.raises(CallFailed, match="gave no answer within"):
        await complete(fault_server, timeout_seconds=0.2)


async def test_nobody_there_has_failed_and_says_why():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen; nobody else can
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        async with ChatClient() as chat:
            with pytest.raises(CallFailed, match=rf"cannot connect to {url}: Connect call failed"):
                await chat.complete(Endpoint(base_url=url, model="m"), BODY)


async def test_a_name_that_nobody_has_has_failed_and_says_why():
    async with ChatClient() as chat:
        with pytest.raises(CallFailed, match=r"cannot connect to http://chimera\.invalid/v1"):
            await chat.complete(Endpoint(base_url="http://chimera.invalid/v1", model="m"), BODY)


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory) -> ssl.SSLContext:
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "cert.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"),
            *("-keyout", key, "-out", certificate),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs openssl")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_certificate_that_nobody_signed_is_named_as_the_cause(own_certificate):
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_certificate).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        async with ChatClient() as chat:
            with pytest.raises(CallFailed, match="certificate"):
                await chat.complete(Endpoint(base_url=url, model="m"), BODY)
    finally:
        await runner.cleanup()


async def test_cancelling_a_call_is_not_swallowed(fault_server):
    async def hangs(_):
        await asyncio.sleep(30)

    fault_server.answer = hangs
    calling = asyncio.create_task(complete(fault_server))
    async with asyncio.timeout(60):
        while not fault_server.in_flight:  # noqa: ASYNC110 the server tells nobody
            await asyncio.sleep(0.01)
    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling
