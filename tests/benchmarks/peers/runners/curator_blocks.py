"""Bespoke Curator: two LLM blocks with response formats, the second over the dataset of the first."""

import os
from importlib.resources import files
from typing import Any

import shell
import work

os.environ.update(TELEMETRY_ENABLED="false", CURATOR_DISABLE_CACHE="true", CURATOR_VIEWER="0", HF_HUB_OFFLINE="1")
os.environ["OPENAI_API_KEY"] = "none"
# Curator counts tokens with a table that it would fetch; litellm, which it depends on, has the same one in its wheel.
tables = files("litellm.litellm_core_utils") / "tokenizers"
os.environ["TIKTOKEN_CACHE_DIR"] = str(tables)

from bespokelabs import curator  # noqa: E402
from datasets import Dataset  # noqa: E402


class Propose(curator.LLM):
    """Stage 1."""

    response_format = work.Proposal

    def prompt(self, input: dict[str, Any]) -> str:
        return work.PROPOSE.format(row=input["row"])

    def parse(self, input: dict[str, Any], response: work.Proposal) -> dict[str, Any]:
        return response.model_dump()


class Judge(curator.LLM):
    """Stage 2."""

    response_format = work.Verdict

    def prompt(self, input: dict[str, Any]) -> str:
        return work.JUDGE.format(problem=input["problem"])

    def parse(self, input: dict[str, Any], response: work.Verdict) -> dict[str, Any]:
        return {**input, **response.model_dump()}


def _settings(job: shell.Job) -> dict[str, Any]:
    """The ways to say the limit that Curator has; requests and tokens a minute are set out of the way."""
    return {
        "model_name": work.MODEL,
        "backend": "openai",
        "generation_params": {"max_completion_tokens": work.MAX_TOKENS},
        "backend_params": {
            "base_url": job.base_url,
            "max_concurrent_requests": job.limit,
            "max_requests_per_minute": 10_000_000,
            "max_tokens_per_minute": 10_000_000_000,
            "max_retries": work.TRIES,
            "request_timeout": 300,
            "require_all_responses": False,
            "seconds_to_pause_on_rate_limit": 1,
        },
    }


def _rows(job: shell.Job) -> list[dict[str, Any]]:
    seeds = Dataset.from_list([{"row": row} for row in range(job.rows)])
    proposed = Propose(**_settings(job))(seeds, working_dir=str(job.folder / "propose"))
    judged = Judge(**_settings(job))(proposed.dataset, working_dir=str(job.folder / "judge"))
    return [{name: row[name] for name in work.FIELDS} for row in judged.dataset]


if __name__ == "__main__":
    shell.main(_rows)
