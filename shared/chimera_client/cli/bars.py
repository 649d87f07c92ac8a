"""What runs for long at a server, as a bar on a terminal, as lines elsewhere, or as JSON."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, TypeVar

from google.protobuf.message import Message
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chimera_client.cli.output import console, emit, note
from chimera_client.plain import to_plain
from chimera_shared.errors import Transient

M = TypeVar("M", bound=Message)
_LINE_SECONDS = 5.0


class Bar(NamedTuple):
    """How far something is: in words, and in steps of so many, if that is known."""

    words: str
    done: int
    of: int | None


async def followed(
    kind: str, watch: AsyncIterator[M], bar_of: Callable[[M], Bar], line_of: Callable[[M], str], *, as_json: bool
) -> M:
    """Show what a watch says until it ends; its last word. `kind` is what is watched, such as `training`."""
    last: M | None = None
    terminal = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, disable=as_json or not terminal.is_terminal) as progress:
        task = progress.add_task("waiting", total=None)
        said = float("-inf")
        async for last in watch:
            bar = bar_of(last)
            progress.update(task, description=bar.words, completed=bar.done, total=bar.of)
            now = asyncio.get_running_loop().time()
            if as_json:
                emit({"type": "progress", kind: to_plain(last)})
            elif not terminal.is_terminal and now - said >= _LINE_SECONDS:
                said = now
                note(line_of(last))
    if last is None:
        raise Transient(f"nothing was said of the {kind}: try again")
    return last
