"""Filters of JSON lines: from a file or standard input to standard output, in order, with a summary beside it."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Protocol

from chimera_client.cli.exits import Code
from chimera_client.cli.output import note
from chimera_client.text import count, counted, duration
from chimera_shared.errors import Configuration, InvalidInput

_PROGRESS_SECONDS = 5.0
_SHOWN_REASONS = 5
_STDIN = Path("-")


class Answering(Protocol):
    """A filter that runs."""

    def answers(self, descriptor: int) -> AsyncIterator[list[bytes]]:
        """Answers to the lines of a file, in order."""


def answering(task: str) -> AbstractAsyncContextManager[Answering]:
    """Worker processes for a task; they need no server."""
    try:
        from chimera_standalone.line_filter import LineFilter
        from chimera_standalone.line_tasks import TASKS
    except ModuleNotFoundError as error:
        raise Configuration(
            f"the verifier is not installed ({error.name} is missing): pip install 'chimera[standalone]'"
        ) from None
    made: AbstractAsyncContextManager[Answering] = LineFilter(TASKS[task])
    return made


async def run(task: str, file: Path, field: str, done: str) -> Code:
    """Answer every line; `field` of an answer is what is counted, and `done` says what happened to a line."""
    tally = _Tally(field, done)
    with ExitStack() as stack:
        descriptor = _opened(file, stack)
        async with answering(task) as lines:
            try:
                async for answers in lines.answers(descriptor):
                    sys.stdout.buffer.write(b"".join(answers))
                    sys.stdout.buffer.flush()
                    tally.add(answers)
            except OSError as error:
                if isinstance(error, BrokenPipeError):
                    raise
                raise InvalidInput.of("FILE", f"{file} cannot be read ({error.strerror})") from None
    return tally.close()


def _opened(file: Path, stack: ExitStack) -> int:
    if file == _STDIN:
        if os.isatty(0):
            note("reading JSON lines from the terminal; ctrl-D ends them")
        return 0
    try:
        return stack.enter_context(file.open("rb", buffering=0)).fileno()
    except OSError as error:
        raise InvalidInput.of("FILE", f"{file} cannot be read ({error.strerror})") from None


class _Tally:
    """Counts answers and says how it goes: wrong lines at once, progress now and then, a summary at the end."""

    def __init__(self, field: str, done: str) -> None:
        self._field = field
        self._done = done
        self._counts: Counter[str] = Counter()
        self._methods: Counter[str] = Counter()
        self._start = self._told = time.monotonic()
        self._quiet = sys.stdout.isatty()  # where the lines themselves show how it goes

    def add(self, answers: list[bytes]) -> None:
        for answer in map(json.loads, answers):
            self._counts[answer[self._field]] += 1
            self._methods[answer["method"]] += 1
            if answer["method"] in ("input", "lost") and self._trouble <= _SHOWN_REASONS:
                note(f"chimera: {answer['reason']}")
        if not self._quiet and time.monotonic() - self._told >= _PROGRESS_SECONDS:
            self._told = time.monotonic()
            note(self._line())

    @property
    def _trouble(self) -> int:
        return self._methods["input"] + self._methods["lost"]

    def close(self) -> Code:
        if self._trouble > _SHOWN_REASONS:
            note(f"chimera: {counted(self._trouble, 'line')} in all could not be {self._done}; their answers say why")
        note(self._line())
        if self._methods["input"]:
            return Code.BAD_INPUT
        return Code.FAILED if self._methods["lost"] else Code.OK

    def _line(self) -> str:
        total, seconds = self._counts.total(), time.monotonic() - self._start
        parts = ", ".join(f"{count(number)} {name}" for name, number in self._counts.most_common())
        rate = f" ({total / seconds:,.0f} a second)" if seconds >= 1 else ""
        return f"{counted(total, 'line')} {self._done} in {duration(seconds)}{rate}{': ' if parts else ''}{parts}"
