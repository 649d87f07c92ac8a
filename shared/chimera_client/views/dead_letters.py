"""Dead letters. What they hold may be anything: it is shown bounded and escaped, and decoded if that succeeds."""

import json
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chimera.deadletter.v1 import dead_letter_pb2
from chimera_client.plain import to_plain
from chimera_client.text import clean, counted, line
from chimera_client.views.tables import titled_table
from chimera_shared import topics

MAX_TEXT_CHARS = 8_000
"""Of a value; `--json` gives the whole."""
_MAX_HEX_BYTES = 1_024
_HEX_ROW_BYTES = 16
_MAX_HEADERS = 50
_MAX_DECODED_BYTES = 2 * 1024 * 1024
"""A larger value is not decoded only to be cut off again."""


def letters_table(letters: Iterable[dead_letter_pb2.DeadLetter]) -> Table:
    """One line a letter."""
    table = titled_table("Dead letter", "Stage", "Refused (UTC)", "Bytes", "Key", "Cause")
    for column in table.columns[:4]:
        column.no_wrap = True
    for letter in letters:
        cells = (
            letter.dead_letter_id,
            f"{letter.service}/{letter.stage}",
            letter.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S"),
            f"{letter.size_bytes:,}",
            line(_text(letter.key), 60),
            letter.cause,
        )
        table.add_row(*(Text(line(cell, 200)) for cell in cells))
    return table


def room_line(room: dead_letter_pb2.StageLetters) -> str:
    """How full a stage's room for letters is."""
    text = f"{line(room.service, 60)}/{line(room.stage, 60)}: {counted(room.letters, 'dead letter')} of {room.bound:,}"
    full = room.letters >= room.bound
    return f"{text}; the stage stands still until some are replayed or discarded" if full else text


def render_letter(letter: dead_letter_pb2.DeadLetter) -> RenderableType:
    """Why it was refused, where it came from, and what it holds."""
    head = Text.assemble((line(letter.cause, 1_000), "bold red"), f"  {line(letter.dead_letter_id, 64)}")
    return Group(head, Text(), _place(letter), Text(), _headers(letter), Text(), _value(letter))


def letter_document(letter: dead_letter_pb2.DeadLetter) -> dict[str, Any]:
    """The letter with its bytes in base64, and with the event that they are, if they are one."""
    return {**to_plain(letter), "event": _event(letter)}


def _event(letter: dead_letter_pb2.DeadLetter) -> dict[str, Any] | None:
    """The value as the event that its header `ce_type` says it is."""
    kinds = [header.value.decode(errors="replace") for header in letter.headers if header.name == "ce_type"]
    topic = topics.BY_EVENT_TYPE.get(kinds[-1]) if kinds else None
    if topic is None or len(letter.value) > _MAX_DECODED_BYTES:
        return None
    try:
        return to_plain(topic.message.FromString(letter.value))
    except (DecodeError, ValueError):
        return None


def _place(letter: dead_letter_pb2.DeadLetter) -> Table:
    rows = [
        ("Stage", f"{letter.service}/{letter.stage}"),
        ("Topic", letter.topic),
        ("Refused", letter.create_time.ToJsonString()),
        ("Replayed", letter.replay_time.ToJsonString() if letter.HasField("replay_time") else "never"),
        *([("Discarded", letter.discard_time.ToJsonString())] if letter.HasField("discard_time") else []),
        ("Key", _text(letter.key) if letter.HasField("key") else "(none)"),
        ("Bytes", f"{letter.size_bytes:,}"),
    ]
    return _grid(rows)


def _headers(letter: dead_letter_pb2.DeadLetter) -> Table:
    rows = [
        (line(header.name, 60), _text(header.value) if header.HasField("value") else "(none)")
        for header in letter.headers[:_MAX_HEADERS]
    ]
    if (more := len(letter.headers) - _MAX_HEADERS) > 0:
        rows.append(("…", f"{more:,} more; --json has them"))
    return _grid(rows or [("Headers", "(none)")])


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Text(label, style="dim"), Text(line(value, 200)))
    return table


def _value(letter: dead_letter_pb2.DeadLetter) -> Panel:
    if (event := _event(letter)) is not None:
        title, text = "Value, decoded", _cut(json.dumps(event, indent=2))
    elif not letter.value:
        title, text = "Value", "(none)" if not letter.HasField("value") else "(empty)"
    elif (found := _readable(letter.value)) is not None:
        title, text = "Value, as text", _cut(found)
    else:
        title, text = "Value, in hexadecimal", _hex(letter.value)
    return Panel(Text(text), title=Text(title), title_align="left", border_style="dim")


def _readable(value: bytes) -> str | None:
    """The value if it is text."""
    head = value[: 4 * MAX_TEXT_CHARS]
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if len(head) == len(value) or error.start < len(head) - 4:  # not merely cut within a character
            return None
        text = head[: error.start].decode()
    return text if sum(not (c.isprintable() or c.isspace()) for c in text) == 0 else None


def _cut(text: str) -> str:
    more = len(text) - MAX_TEXT_CHARS
    return clean(text) if more <= 0 else f"{clean(text[:MAX_TEXT_CHARS])}\n… (there is more; --json has the whole)"


def _hex(value: bytes) -> str:
    rows = [value[at : at + _HEX_ROW_BYTES] for at in range(0, min(len(value), _MAX_HEX_BYTES), _HEX_ROW_BYTES)]
    lines = [f"{row.hex(' '):<{3 * _HEX_ROW_BYTES}} {_ascii(row)}" for row in rows]
    more = len(value) - _MAX_HEX_BYTES
    return "\n".join([*lines, f"… ({more:,} more bytes; --json has them)"] if more > 0 else lines)


def _ascii(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


def _text(value: bytes) -> str:
    """Bytes on one line; what is no text is escaped."""
    return value[:1_000].decode(errors="backslashreplace")
