"""The simulated OpenAI-compatible endpoint, in a process of its own; prints its address and serves until it is ended.

PUT /run    start counting afresh: {"rows": 300, "limit": 128, "scenario": {...}}
GET /stats  what was asked and answered since
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import work
from aiohttp import web


@dataclass
class Run:
    """What one tool did with the endpoint."""

    rows: int = 0
    limit: int = 1
    scenario: work.Scenario = field(default_factory=lambda: work.Scenario("idle", 0.0))
    answers: Counter[str] = field(default_factory=Counter)
    attempts: Counter[tuple[str, int]] = field(default_factory=Counter)
    others: int = 0
    """Requests that put neither question; answered at once, and not counted as calls."""
    in_flight: int = 0
    peak: int = 0
    first: float = 0.0
    last: float = 0.0
    area: float = 0.0
    """Seconds in flight of all calls together; those above the limit are left out."""
    fill: float | None = None

    def move(self, step: int) -> None:
        """One more call in flight, or one less."""
        at = time.perf_counter()
        self.first = self.first or at
        self.area += (at - (self.last or at)) * min(self.in_flight, self.limit)
        self.last = at
        self.in_flight += step
        self.peak = max(self.peak, self.in_flight)

    def answered(self, how: str) -> None:
        """Count an answer; at the end of the first part, say how full it was."""
        self.answers[how] += 1
        if self.fill is None and self.answers["good"] >= work.FIRST_PART * 2 * self.rows:
            self.fill = self.area / max(self.last - self.first, 1e-9) / self.limit


class Server:
    """The routes."""

    def __init__(self) -> None:
        self._run = Run()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.put("/run", self.start),
                web.get("/stats", self.stats),
                web.get("/v1/models", self.models),
                web.post("/v1/chat/completions", self.complete),
            ]
        )
        return app

    async def start(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self._run = Run(asked["rows"], asked["limit"], work.Scenario(**asked["scenario"]))
        return web.json_response({})

    async def stats(self, _: web.Request) -> web.Response:
        run = self._run
        return web.json_response(
            {
                "calls": sum(run.answers.values()),
                "answers": run.answers,
                "others": run.others,
                "in_flight": run.in_flight,
                "peak": run.peak,
                "active_seconds": run.last - run.first,
                "fill": run.fill,
            }
        )

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": work.MODEL, "object": "model"}]})

    async def complete(self, request: web.Request) -> web.Response:
        asked = await request.json()
        question, run = work.asked(asked["messages"]), self._run
        if question is None:
            run.others += 1
            body = _body('{"name": "Jason", "age": 25}', "", "stop")
            return web.Response(body=body, content_type="application/json")
        stage, row = question
        attempt = run.attempts[question]
        run.attempts[question] += 1
        fault = run.scenario.fault(stage, row, attempt)
        run.move(1)
        try:
            if fault != "refused":
                await asyncio.sleep(run.scenario.latency(stage, row, attempt))
        finally:
            run.move(-1)
            run.answered(fault or "good")
        content = _content(stage, row)
        if work.fenced(asked["messages"]):
            content = f"```json\n{content}\n```"
        return _Reply(fault, content, work.cut_at(stage, row, attempt), _tool(asked)).response(run.scenario)


def _content(stage: work.Stage, row: int) -> str:
    """The right answer; a question about a problem that was never proposed gets one that no row expects."""
    if row < 0:
        return work.Verdict(verdict="bad", reason="This is not a problem.").model_dump_json()
    return (work.proposal(row) if stage == "propose" else work.verdict(row)).model_dump_json()


def _tool(asked: dict[str, Any]) -> str:
    """The function that the answer is to be a call of, if it is."""
    return str(asked["tools"][0]["function"]["name"]) if asked.get("tools") else ""


@dataclass(frozen=True)
class _Reply:
    """One answer, with what is wrong with it."""

    fault: work.Fault
    content: str
    cut_at: float
    tool: str

    def response(self, scenario: work.Scenario) -> web.Response:
        if self.fault == "refused":
            error = {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}
            return web.json_response({"error": error}, status=429, headers={"Retry-After": str(scenario.retry_after)})
        if self.fault == "cut":
            body = _body(self.content[: int(len(self.content) * self.cut_at)], self.tool, "length")
        elif self.fault == "empty":
            body = _body("", "", "stop")
        else:
            body = _body(self.content, self.tool, "tool_calls" if self.tool else "stop")
        return web.Response(
            body=body[: len(body) // 2] if self.fault == "garbled" else body, content_type="application/json"
        )


def _body(content: str, tool: str, finish_reason: str) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if tool:
        call = {"id": "call_bench", "type": "function", "function": {"name": tool, "arguments": content}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    tokens = len(content) // 4
    body = {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": work.MODEL,
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": message}],
        "usage": {"prompt_tokens": 40, "completion_tokens": tokens, "total_tokens": 40 + tokens},
    }
    return json.dumps(body).encode()


async def main() -> None:
    runner = web.AppRunner(Server().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
