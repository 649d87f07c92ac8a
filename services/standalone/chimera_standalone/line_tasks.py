"""What is done with each line of a filter, and what stands for a line that could not be worked on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class LineWork(Protocol):
    """What a worker process does."""

    async def start(self) -> None:
        """Make ready for lines."""

    async def close(self) -> None:
        """End what was started."""

    async def answer(self, document: Mapping[str, Any]) -> dict[str, object]:
        """The answer to the object on a line; ValueError says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class LineTask:
    """A task of `line_worker.py`. `blank` is an answer that says nothing."""

    name: str
    blank: Mapping[str, object]

    def unread(self, number: int, reason: str) -> bytes:
        """The answer to a line that is no input of this task."""
        return encode({**self.blank, "method": "input", "reason": f"line {number}: {reason}"})

    def lost(self, number: int, reason: str) -> bytes:
        """The answer to a line whose worker did not live to answer it."""
        return encode({**self.blank, "method": "lost", "reason": f"line {number}: {reason}"})


GRADE = LineTask("grade", {"verdict": "unknown", "method": "", "extracted": "", "reason": "", "ms": 0.0})
DUPLICATES = LineTask("duplicates", {"relation": "unknown", "method": "", "score": 0.0, "ms": 0.0})
TASKS = {task.name: task for task in (GRADE, DUPLICATES)}


def encode(document: Mapping[str, object]) -> bytes:
    """One JSON document on one line."""
    return json.dumps(document).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The object on a line, its numbers as they are written; ValueError says what is wrong with it."""
    try:
        document = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"must be a JSON object{where}") from None
    if not isinstance(document, dict):
        raise ValueError("must be a JSON object")
    return document


def text(document: Mapping[str, Any], field: str, *, required: bool = False) -> str:
    """A field of text or a number; absent and null are empty. ValueError if it is anything else."""
    value = document.get(field)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise ValueError(f"{field} must be text or a number, not {json.dumps(value)[:60]}")
    if required and not value.strip():
        raise ValueError(f"{field} is missing or empty")
    return value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
