"""A model server that answers as it is told."""

import json
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


class FaultServer:
    """Takes chat completions at `url`; `answer` says what comes back. What was asked is in `asked`."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = self.most_in_flight = 0
        self.answer: Callable = lambda body: completion("fine")
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = self.answer(request) if getattr(self.answer, "raw", False) else self.answer(self.asked[-1])
            return await answer if hasattr(answer, "__await__") else answer
        finally:
            self.in_flight -= 1

    def endpoint(self, **changes) -> dict:
        return {"base_url": self.url, "model": "m", **changes}


def completion(content: str | None, *, finish_reason="stop", usage=(7, 5), **message) -> web.Response:
    """A whole answer."""
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": content, **message},
    }
    tokens = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return web.Response(body=json.dumps({"id": "x", "choices": [choice], "usage": tokens}).encode())


@pytest.fixture
async def fault_server() -> AsyncIterator[FaultServer]:
    """A server of this test's own."""
    faults = FaultServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", faults.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        faults.url = str(server.make_url("/v1"))
        yield faults


@pytest.fixture
def answer() -> Callable:
    """Makes whole answers."""
    return completion
