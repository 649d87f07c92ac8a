"""Rows with a template: problems whose numbers may be changed."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chimera.corpus.v1 import corpus_pb2
from chimera_client.sources.rows import Row
from chimera_shared.errors import InvalidInput
from chimera_shared.templates import complete

TEMPLATE, PARAMETERS, EXPRESSION, CONDITIONS = COLUMNS = (
    "template",
    "parameters",
    "answer_expression",
    "conditions",
)
_RANGE = re.compile(r"(-?[0-9]{1,18})\.\.(-?[0-9]{1,18})")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def read(row: Row, number: int) -> corpus_pb2.Template | None:
    """The template of a row, if it has one; InvalidInput names the row where it cannot be read.

    A row has one if it says what the answer is computed by; a column that is called `template` may be anything.
    """
    if not row.get(EXPRESSION):
        return None
    try:
        parameters = _mapping(row.get(PARAMETERS))
        return corpus_pb2.Template(
            statement=_text(row, TEMPLATE),
            parameters=[_parameter(name, value) for name, value in parameters.items() if value is not None],
            answer_expression=_text(row, EXPRESSION),
            conditions=_conditions(row.get(CONDITIONS)),
        )
    except ValueError as error:
        raise _wrong(number, error) from None


def attach(item: corpus_pb2.CorpusItem, template: corpus_pb2.Template, number: int) -> None:
    """Give an item its template, and the statement and answer that it lacks; InvalidInput if they do not agree."""
    item.template.CopyFrom(template)
    try:
        complete(item)
    except ValueError as error:
        raise _wrong(number, error) from None


def _wrong(number: int, error: ValueError) -> InvalidInput:
    return InvalidInput.of("SOURCE", f"the template of row {number} cannot be used: {error}")


def _mapping(raw: Any) -> Mapping[str, Any]:
    """A mapping, or one in JSON, as a column of a table may hold it."""
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            raw = None
    if not isinstance(raw, Mapping):
        raise ValueError(f'{PARAMETERS} must be a mapping, such as {{"apples": "2..20", "price": [3, 5, 7]}}')
    return raw


def _parameter(name: str, raw: Any) -> corpus_pb2.TemplateParameter:
    if isinstance(raw, str) and (ends := _RANGE.fullmatch(raw.strip())):
        return corpus_pb2.TemplateParameter(name=name, low=int(ends[1]), high=int(ends[2]))
    if isinstance(raw, list) and raw and all(_is_whole(value) for value in raw):
        return corpus_pb2.TemplateParameter(name=name, values=[int(value) for value in raw])
    raise ValueError(f'parameter {name[:40]} must be a range such as "2..20" or whole numbers such as [3, 5, 7]')


def _is_whole(value: Any) -> bool:
    """Numbers of JSON Lines stay as they are written."""
    return not isinstance(value, bool) and _WHOLE.fullmatch(str(value)) is not None


def _conditions(raw: Any) -> Sequence[str]:
    """One or several."""
    given = [] if raw in (None, "") else [raw] if isinstance(raw, str) else raw
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError(f'{CONDITIONS} must be text or a list of it, such as ["a % b == 0", "answer > 0"]')
    return given


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{column} must be text")
    return value.strip().encode("utf-8", "replace").decode()  # half a surrogate pair is no text
