"""The ideal client: a bare aiohttp loop that holds a slot only while a request is in flight."""

import asyncio
import json
from typing import TypeVar

import aiohttp
import shell
import work
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


async def _rows(job: shell.Job) -> list[dict[str, str]]:
    slots = asyncio.Semaphore(job.limit)
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def ask(text: str, model: type[M]) -> M | None:
            body = {
                "model": work.MODEL,
                "messages": [{"role": "user", "content": text}],
                "max_completion_tokens": work.MAX_TOKENS,
            }
            for _ in range(work.TRIES):
                async with slots, session.post(f"{job.base_url}/chat/completions", json=body) as response:
                    status, wait, raw = response.status, response.headers.get("Retry-After", "1"), await response.read()
                if status == 429:
                    await asyncio.sleep(float(wait))
                    continue
                try:
                    choice = json.loads(raw)["choices"][0]
                    if choice["finish_reason"] == "stop":
                        return model.model_validate_json(choice["message"]["content"])
                except (ValueError, ValidationError):
                    pass
            return None

        async def one(row: int) -> dict[str, str] | None:
            proposed = await ask(work.PROPOSE.format(row=row), work.Proposal)
            if proposed is None:
                return None
            judged = await ask(work.JUDGE.format(problem=proposed.problem), work.Verdict)
            return judged and {**proposed.model_dump(), **judged.model_dump()}

        rows = await asyncio.gather(*(one(row) for row in range(job.rows)))
    return [row for row in rows if row is not None]


if __name__ == "__main__":
    shell.main(lambda job: asyncio.run(_rows(job)))
