"""The loop that most people write: the openai SDK, with its own retries, behind a semaphore."""

import asyncio
import json
from typing import TypeVar

import openai
import shell
import work
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


async def _rows(job: shell.Job) -> list[dict[str, str]]:
    slots = asyncio.Semaphore(job.limit)
    async with openai.AsyncOpenAI(base_url=job.base_url, api_key="none", max_retries=work.TRIES, timeout=300) as client:

        async def ask(text: str, model: type[M]) -> M | None:
            for _ in range(work.TRIES):
                try:
                    async with slots:
                        answer = await client.chat.completions.create(
                            model=work.MODEL,
                            messages=[{"role": "user", "content": text}],
                            max_completion_tokens=work.MAX_TOKENS,
                        )
                    if answer.choices[0].finish_reason == "stop":
                        return model.model_validate_json(answer.choices[0].message.content or "")
                except (json.JSONDecodeError, openai.APIError, ValidationError):
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
