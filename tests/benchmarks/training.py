"""What a training costs beyond TRL itself: tokens a second of the same steps, in a job and in a plain script."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from google.protobuf.json_format import MessageToDict

sys.path.insert(0, str(Path(__file__).parent.parent))

import tinymodel
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_trainer.domain.conversation import row
from chimera_trainer.domain.spec import with_defaults

SAMPLES, BATCH, HIDDEN = 400, 16, 128


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    ours, plain = [], []
    for _ in range(options.rounds):  # in turn, so that a machine that slows down slows both
        with tempfile.TemporaryDirectory() as folder:
            job = _job(Path(folder), options.steps)
            ours.append(_timed("-m", "chimera_trainer.work", str(job)) | _speed(job))
            plain.append(_timed(__file__, str(job)))
    best = max(each["tokens_per_second"] for each in ours), max(each["tokens_per_second"] for each in plain)
    return [
        {
            "benchmark": "training.sft",
            "steps": options.steps,
            "tokens_per_second": round(best[0]),
            "plain_trl_tokens_per_second": round(best[1]),
            "share": round(best[0] / best[1], 3),
            "seconds_in_all": [round(each["seconds"], 1) for each in ours],
            "plain_trl_seconds_in_all": [round(each["seconds"], 1) for each in plain],
        }
    ]


def _job(folder: Path, steps: int) -> Path:
    rows = [row(_sample(number)) for number in range(SAMPLES)]
    tinymodel.write(folder / "base", [json.dumps(each) for each in rows], HIDDEN)
    optimiser = {"steps": steps, "batch_size": BATCH, "micro_batch_size": BATCH, "learning_rate": 1e-3}
    spec = training_pb2.TrainingSpec(name="bench", method=training_pb2.METHOD_SFT, optimiser=optimiser)
    spec.base.path = str(folder / "base")
    order = {"spec": MessageToDict(with_defaults(spec), preserving_proto_field_name=True), "verifier": ""}
    order["base"] = {"path": spec.base.path}
    (folder / "data.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    (folder / "job.json").write_text(json.dumps(order))
    return folder


def _sample(number: int) -> sample_pb2.Sample:
    rng = Random(number)
    one, other = rng.randint(100, 999), rng.randint(100, 999)
    steps = f"{one} and {other}: the hundreds, the tens and the ones are added each, and what is over is carried."
    return sample_pb2.Sample(
        ref={"sample_id": f"s{number}"},
        problem={"statement": f"What is {one} + {other}?", "reference": {"value": str(one + other)}},
        solution={"text": f"It is \\boxed{{{one + other}}}.", "reasoning": steps},
    )


def _timed(*command: str) -> dict[str, Any]:
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        last = process.stdout.read().strip().splitlines()[-1]
        assert process.wait() == 0, last
    said = json.loads(last) if last.startswith('{"') else {}
    return {**said, "seconds": time.monotonic() - begun}


def _speed(job: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in (job / "progress.jsonl").read_text().splitlines()]
    points = [line for line in lines if line["type"] == "point"]
    first, last = points[0], points[-1]
    return {"tokens_per_second": (last["tokens"] - first["tokens"]) / (last["time"] - first["time"])}


def _plain(job: Path) -> None:
    """The script that one would write: no checkpoints, no progress, TRL's own preparation of the data."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Clock(TrainerCallback):
        first = last = (0.0, 0)

        def on_log(self, args, state, control, logs, **_):
            if "num_tokens" in logs:
                self.last = (time.time(), logs["num_tokens"])
                self.first = self.first if self.first[1] else self.last

    spec = json.loads((job / "job.json").read_text())["spec"]
    rows = [json.loads(line) for line in (job / "data.jsonl").read_text().splitlines()]
    data = Dataset.from_list([{"prompt": each["prompt"], "completion": each["completion"]} for each in rows])
    from chimera_trainer.work.order import Order
    from chimera_trainer.work.weights import uses_bfloat16

    config = SFTConfig(
        output_dir=str(job / "plain"), per_device_train_batch_size=BATCH, max_steps=spec["optimiser"]["steps"],
        learning_rate=1e-3, lr_scheduler_type="cosine", logging_steps=1, save_strategy="no", report_to="none",
        disable_tqdm=True, use_cpu=True, bf16=uses_bfloat16(Order.read(job)), activation_checkpointing=False,
    )  # fmt: skip
    clock = Clock()
    SFTTrainer(
        AutoModelForCausalLM.from_pretrained(job / "base"), args=config, train_dataset=data, callbacks=[clock],
        processing_class=AutoTokenizer.from_pretrained(job / "base"),
    ).train()  # fmt: skip
    seconds, tokens = clock.last[0] - clock.first[0], clock.last[1] - clock.first[1]
    print(json.dumps({"tokens_per_second": tokens / seconds}))


if __name__ == "__main__":
    _plain(Path(sys.argv[1]))
