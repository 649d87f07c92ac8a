"""NeMo Data Designer: two structured columns over a seed of row numbers, the second over the first.

At each 429 it lowers its own limit by a quarter, and raises it by one after 25 answers, which suits refusals that load
caused. Here nothing causes them, so it is told to lower it by little and to raise it soon; `--as-is` leaves it alone.
"""

import os
import sys
from typing import Any

import shell
import work

os.environ.update(NEMO_TELEMETRY_ENABLED="false", HF_HUB_OFFLINE="1")

import data_designer.config as dd
import pandas as pd
from data_designer.interface import DataDesigner

AS_IS = "--as-is" in sys.argv
ADMISSION = dd.RequestAdmissionTuningConfig(
    multiplicative_decrease_factor=0.97, additive_increase_step=16, successes_until_increase=1
)


def _model(job: shell.Job) -> dd.ModelConfig:
    return dd.ModelConfig(
        alias=work.MODEL,
        model=work.MODEL,
        provider="bench",
        skip_health_check=True,
        inference_parameters=dd.ChatCompletionInferenceParams(
            max_parallel_requests=job.limit, max_tokens=work.MAX_TOKENS, timeout=300
        ),
    )


def _columns(job: shell.Job) -> dd.DataDesignerConfigBuilder:
    builder = dd.DataDesignerConfigBuilder(model_configs=[_model(job)])
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=pd.DataFrame({"row": range(job.rows)})))
    builder.add_column(
        dd.LLMStructuredColumnConfig(
            name="proposal",
            prompt=work.PROPOSE.format(row="{{ row }}"),
            model_alias=work.MODEL,
            output_format=work.Proposal,
        )
    )
    builder.add_column(
        dd.LLMStructuredColumnConfig(
            name="judgement",
            prompt=work.JUDGE.format(problem="{{ proposal.problem }}"),
            model_alias=work.MODEL,
            output_format=work.Verdict,
        )
    )
    return builder


def _rows(job: shell.Job) -> list[dict[str, Any]]:
    provider = dd.ModelProvider(name="bench", endpoint=job.base_url, api_key="none")
    designer = DataDesigner(artifact_path=job.folder / "artifacts", model_providers=[provider])
    designer.set_run_config(
        dd.RunConfig(
            disable_early_shutdown=True,
            otel_metrics_port=None,
            max_conversation_restarts=work.TRIES,
            request_admission=None if AS_IS else ADMISSION,
        )
    )
    dataset = designer.create(_columns(job), num_records=job.rows).load_dataset()
    return [{**row["proposal"], **row["judgement"]} for row in dataset.to_dict("records")]


if __name__ == "__main__":
    shell.main(_rows)
