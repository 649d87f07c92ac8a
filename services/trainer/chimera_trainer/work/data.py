"""The rows of a job as tokens."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset

from chimera_trainer.domain.conversation import is_held_out
from chimera_trainer.work import weights
from chimera_trainer.work.order import GaveUp, Order
from chimera_trainer.work.weights import Base

_NOT_LEARNED = -100
"""The label that PyTorch's cross entropy passes over."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is learned and what is measured; `left_out` were too long."""

    learned: Any
    held_out: Any
    left_out: int


def conversations(order: Order, base: Base) -> Data:
    """Tokens and labels for SFT: only what the model says is learned."""
    spec, most = order.spec, longest(order, base)
    learned, held_out, left_out = _Columns("input_ids", "labels"), _Columns("input_ids", "labels"), 0
    for row in order.rows():
        prompt, whole = _tokens(base, row["prompt"], True), _tokens(base, row["prompt"] + row["completion"], False)
        if len(whole) > most:
            left_out += 1
            continue
        ids = np.asarray(whole, dtype=np.int32)
        labels = ids.copy()
        labels[: _shared(prompt, whole)] = _NOT_LEARNED
        target = held_out if is_held_out(row["id"], spec.seed, spec.held_out_share) else learned
        target.add(ids, labels)
    return _checked(Data(learned.dataset(), held_out.dataset(), left_out), order, most)


def problems(order: Order, base: Base) -> Data:
    """Prompts and what their answers are graded by, for reinforcement."""
    most = longest(order, base) - order.spec.reinforcement.max_completion_length
    found, left_out = _Columns("prompt", "statement", "reference"), 0
    for row in order.rows():
        if len(_tokens(base, row["prompt"], True)) > most:
            left_out += 1
            continue
        found.add(row["prompt"], row["statement"], json.dumps(row["reference"]))
    data = _checked(Data(found.dataset(), None, left_out), order, max(most, 0))
    if (size := order.spec.optimiser.batch_size) > len(data.learned):
        raise GaveUp(f"a step takes {size} problems, and there are {len(data.learned)}; lower optimiser.batch_size")
    return data


def longest(order: Order, base: Base) -> int:
    """The longest sample in tokens."""
    return min(order.spec.optimiser.max_length or weights.longest(base), weights.longest(base))


class _Columns:
    """Rows on their way into a dataset."""

    def __init__(self, *names: str) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in names}

    def add(self, *values: Any) -> None:
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append(value)

    def dataset(self) -> Any:
        return Dataset.from_dict(self._columns)


def _tokens(base: Base, messages: list[dict[str, str]], asks: bool) -> list[int]:
    encoded = base.tokeniser.apply_chat_template(messages, add_generation_prompt=asks, tokenize=True, return_dict=True)
    return list(encoded["input_ids"])


def _shared(prompt: list[int], whole: list[int]) -> int:
    """How many first tokens the question alone has in common with question and answer."""
    pairs = enumerate(zip(prompt, whole, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(prompt), len(whole)))


def _checked(data: Data, order: Order, most: int) -> Data:
    if not len(data.learned):
        raise GaveUp(
            f"nothing is left to learn: {data.left_out} samples are longer than {most} tokens, the others are held"
            " out; raise optimiser.max_length, or lower held_out_share"
        )
    return data
