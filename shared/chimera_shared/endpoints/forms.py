"""Answers in a form: the schema that asks for it, and the reading that checks it."""

import re
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)
_MAX_SHOWN_ERRORS = 3
_LEFT_OUT = frozenset(
    {"default", "title", "minLength", "maxLength", "minimum", "maximum", "exclusiveMaximum", "minItems", "maxItems"}
)
"""Bounds are checked when the answer is read: not every server takes them, and a `maxLength` makes a slow grammar."""
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


@cache
def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """The form's JSON schema as structured output wants it: every property required, no others."""

    def strict(node: Any) -> Any:
        if isinstance(node, list):
            return [strict(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {key: strict(value) for key, value in node.items() if key not in _LEFT_OUT}
        if node.get("type") == "object":
            node |= {"additionalProperties": False, "required": list(node.get("properties", {}))}
        return node

    return dict(strict(form.model_json_schema()))


def parse(content: str, form: type[T]) -> T:
    """ValueError with a short account of what is wrong, without the model's text."""
    if fenced := _FENCE.match(content):
        content = fenced.group(1)
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        shown = [
            f"{'.'.join(map(str, e['loc'])) or 'the answer'}: {e['msg']}" for e in error.errors()[:_MAX_SHOWN_ERRORS]
        ]
        raise ValueError("; ".join(shown)) from None
