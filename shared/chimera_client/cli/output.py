"""Standard output: JSON documents or Rich renderings, never both."""

import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message
from rich.console import Console, RenderableType

from chimera_client.plain import to_plain

M = TypeVar("M", bound=Message)

_PIPE_WIDTH = 120
"""Columns where there is no terminal that says how many it has."""


def console(*, stderr: bool = False) -> Console:
    """A console without guesswork: no markup, no highlighting, no emoji codes."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def emit(document: Message | dict[str, Any]) -> None:
    """Write one JSON document on one line. Non-ASCII is escaped: no terminal can be fooled by it."""
    print(json.dumps(to_plain(document) if isinstance(document, Message) else document), flush=True)


def show(message: Message, as_json: bool, render: Callable[[], RenderableType]) -> None:
    """One message, as JSON or rendered."""
    if as_json:
        emit(message)
    else:
        console().print(render())


async def show_list(
    messages: AsyncIterator[M], as_json: bool, limit: int, table: Callable[[Sequence[M]], RenderableType]
) -> None:
    """Messages as they come in JSON, or as a table; at most `limit` unless that is 0."""
    found: list[M] = []
    shown = 0
    async for message in messages:
        if limit and shown == limit:
            note(f"only the first {limit} are shown; --limit 0 shows all")
            break
        shown += 1
        if as_json:
            emit(message)
        else:
            found.append(message)
    if not as_json:
        console().print(table(found)) if found else note("there are none")


def note(text: str) -> None:
    """A remark beside the result."""
    print(text, file=sys.stderr, flush=True)
