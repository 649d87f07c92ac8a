"""Reports on every step, and marks checkpoints that are whole."""

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from chimera_trainer.work.checkpoints import Checkpoint, mark
from chimera_trainer.work.order import GaveUp
from chimera_trainer.work.report import Report

_NAMES = {
    "loss": "loss",
    "eval_loss": "held_out_loss",
    "reward": "reward",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "kl": "kl",
    "completions/mean_length": "completion_length",
}
_TOKENS = "num_tokens"


class Watch(TrainerCallback):  # type: ignore[misc]
    """The callback that a trainer calls."""

    def __init__(self, report: Report, left_out: int, resumed: Checkpoint | None, carries_tokens: bool) -> None:
        self._report = report
        self._left_out = left_out
        self._resumed = resumed
        self._carries_tokens = carries_tokens
        """Whether the trainer's own count of tokens goes on from a checkpoint, or begins at 0 again."""
        self._offset = self._tokens = 0
        self._step, self._values = -1, dict[str, float]()
        self._since = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Say how many steps there are."""
        self._tokens = self._resumed.tokens if self._resumed else 0
        self._offset = self._tokens - (state.num_input_tokens_seen if self._carries_tokens else 0)
        self._since = time.monotonic()
        if state.is_world_process_zero:
            self._report.started(state.max_steps, self._left_out, state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        """Report a step; what is measured on held-out samples comes in a second log of the same step."""
        found = {name: float(logs[key]) for key, name in _NAMES.items() if key in logs}
        if not found or not state.is_world_process_zero:
            return
        if not math.isfinite(found.get("loss", 0.0)):
            raise GaveUp(f"the loss is not a number at step {state.global_step}; lower optimiser.learning_rate")
        if state.global_step != self._step:
            self._step, self._values = state.global_step, {}
            now, tokens = time.monotonic(), int(logs.get(_TOKENS, 0)) + self._offset
            if _TOKENS in logs:
                found["tokens_per_second"] = (tokens - self._tokens) / max(now - self._since, 1e-9)
                self._tokens = tokens
            self._since = now
        self._values |= {name: value for name, value in found.items() if math.isfinite(value)}
        self._report.point(self._step, self._tokens, self._values)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """All files of the checkpoint are written."""
        if state.is_world_process_zero:
            mark(Path(args.output_dir) / f"checkpoint-{state.global_step}", state.global_step, self._tokens)
