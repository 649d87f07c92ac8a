"""How far a command is with things that it counts: a bar on a terminal, else a line now and then, on standard error."""

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chimera_client.cli.output import console, note

_LINE_SECONDS = 5.0


class Counter:
    """Counts up to a total while the block runs; `what` says what has been done to the things."""

    def __init__(self, what: str, total: int) -> None:
        terminal = console(stderr=True)
        self._what = what
        self._total = total
        self._count = 0
        self._said = time.monotonic()
        self._quiet = terminal.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=terminal, disable=not terminal.is_terminal)
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self) -> None:
        """One more is done."""
        self._count += 1
        self._bar.update(self._task, completed=self._count)
        if not self._quiet and time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            note(f"{self._count:,} of {self._total:,} {self._what}")
