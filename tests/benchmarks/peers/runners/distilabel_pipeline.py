"""distilabel: a pipeline of two tasks in JSON mode, which parse what they get.

A task works on one batch at a time and waits for its last answer, and both tasks work at the same time, so that each
gets half of the limit. With more replicas and smaller batches it keeps fewer requests in flight: 89, 65 and 36 at most
with 1, 2 and 4 replicas of each task. Structured output by instructor asks again for what does not parse, but an answer
that was cut ends its whole batch: of the run with faults no row came through.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import shell
import work

os.environ["HF_HUB_OFFLINE"] = "1"

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import Task


class Propose(Task):
    """Stage 1."""

    @property
    def inputs(self) -> list[str]:
        return ["row"]

    @property
    def outputs(self) -> list[str]:
        return ["problem", "answer"]

    def format_input(self, input: dict[str, Any]) -> list[dict[str, str]]:
        return [{"role": "user", "content": work.PROPOSE.format(row=input["row"])}]

    def format_output(self, output: str | None, input: dict[str, Any] | None = None) -> dict[str, Any]:
        return work.Proposal.model_validate_json(output or "").model_dump()


class Judge(Task):
    """Stage 2."""

    @property
    def inputs(self) -> list[str]:
        return ["problem"]

    @property
    def outputs(self) -> list[str]:
        return ["verdict", "reason"]

    def format_input(self, input: dict[str, Any]) -> list[dict[str, str]]:
        return [{"role": "user", "content": work.JUDGE.format(problem=input["problem"])}]

    def format_output(self, output: str | None, input: dict[str, Any] | None = None) -> dict[str, Any]:
        return work.Verdict.model_validate_json(output or "").model_dump()


@step(inputs=list(work.FIELDS), outputs=["packed"])
def pack(inputs: StepInput) -> Iterator[list[dict[str, Any]]]:
    """One column of text: a batch whose every answer is missing has columns of no type, and ends the pipeline."""
    yield [{**row, "packed": json.dumps({name: row[name] for name in work.FIELDS})} for row in inputs]


def _settings(job: shell.Job) -> dict[str, Any]:
    return {
        "llm": OpenAILLM(
            model=work.MODEL,
            base_url=job.base_url,
            api_key="none",
            max_retries=work.TRIES,
            timeout=300,
            generation_kwargs={"max_new_tokens": work.MAX_TOKENS, "response_format": {"type": "json_object"}},
        ),
        "input_batch_size": job.limit // 2,
        "add_raw_input": False,
        "add_raw_output": False,
    }


def _rows(job: shell.Job) -> list[dict[str, Any]]:
    with Pipeline(name="bench", cache_dir=job.folder / "cache") as pipeline:
        load = LoadDataFromDicts(data=[{"row": row} for row in range(job.rows)], batch_size=job.limit // 2)
        propose = Propose(name="propose", **_settings(job))
        judge = Judge(name="judge", **_settings(job))
        load >> propose >> judge >> pack() >> KeepColumns(columns=["packed"])
    dataset = pipeline.run(use_cache=False)["default"]["train"]
    return [json.loads(row["packed"]) for row in dataset]


if __name__ == "__main__":
    shell.main(_rows)
