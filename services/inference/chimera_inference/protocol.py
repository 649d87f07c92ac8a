"""The wire of OpenAI's chat completions: what is read from a request, and the bodies that answer it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from . import __version__
from .domain.teacher import MAX_STATEMENT_CHARACTERS

MAX_CHOICES = 16
FINGERPRINT = f"procedural-{__version__}"
OWNER = "procedural"
# Texts that a structured question quotes, and lines that tell it; long ones are cut, so that hostile text stays cheap.
_TAG = re.compile(r"<(([a-z_]{1,40})-[0-9a-f]{16})>")
_LINE = re.compile(r"^(Subject|Field|Topic|Count|Question|Reference answer|Candidate answer):[ \t]*(.*)$", re.MULTILINE)
_TOKEN = re.compile(r"\s*(?:[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_)|\s+")

TaskName = Literal["fields", "topics", "problem", "judgement", "screening", "relation", "solve"]
_NAMES: tuple[TaskName, ...] = ("fields", "topics", "problem", "judgement", "screening", "relation")
_TELLING_LINES: tuple[tuple[TaskName, frozenset[str]], ...] = (
    ("judgement", frozenset({"Reference answer", "Candidate answer"})),
    ("screening", frozenset({"Subject", "Problem"})),
    ("relation", frozenset({"Problem", "Other"})),
    ("problem", frozenset({"Subject", "Field", "Topic"})),
    ("topics", frozenset({"Subject", "Field", "Count"})),
    ("fields", frozenset({"Subject", "Count"})),
)


class BadRequest(ValueError):
    """The request cannot be answered; `param` names the field and the text says the way out."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What shapes an answer, read from a request body."""

    model: str
    task: TaskName
    lines: dict[str, str]
    user_texts: tuple[str, ...]
    prompt_tokens: int
    seed: int | None
    choices: int
    max_tokens: int | None
    stream: bool
    include_usage: bool
    conversation: tuple[str, ...]


def read_request(body: Any) -> ChatRequest:
    """Reads a request body; BadRequest if it is not one."""
    if not isinstance(body, dict):
        raise BadRequest("body", "The body must be a JSON object with `model` and `messages`.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("model", "`model` must name one of the models that GET /v1/models lists.")
    roles, texts = _messages(body.get("messages"))
    users = tuple(text for role, text in zip(roles, texts, strict=True) if role == "user")
    if not users:
        raise BadRequest("messages", "`messages` must hold at least one message of the role `user`.")
    lines = _lines("\n".join(users))
    limits = [_integer(body, name, 1, 2**31) for name in ("max_completion_tokens", "max_tokens")]
    return ChatRequest(
        model=model,
        task=_task(body.get("response_format"), lines),
        lines=lines,
        user_texts=users,
        prompt_tokens=sum(count_tokens(text) + 4 for text in texts),
        seed=_integer(body, "seed", -(2**63), 2**63 - 1),
        choices=_integer(body, "n", 1, MAX_CHOICES) or 1,
        max_tokens=next((limit for limit in limits if limit is not None), None),
        stream=body.get("stream") is True,
        include_usage=_include_usage(body.get("stream_options")),
        conversation=tuple(f"{role}:{text}" for role, text in zip(roles, texts, strict=True)),
    )


def _lines(text: str) -> dict[str, str]:
    """What a question names: `Reference answer: 5`, or the same text between tags `<reference_answer-0123…>`."""
    found: dict[str, str] = {}
    rest: list[str] = []
    quoted: list[str] = []
    name = closing = ""
    for line in text.split("\n"):
        if closing and line != closing:
            quoted.append(line)
        elif closing:
            found.setdefault(name.replace("_", " ").capitalize(), "\n".join(quoted))
            closing = ""
        elif tag := _TAG.fullmatch(line):
            name, closing, quoted = tag[2], f"</{tag[1]}>", []
        else:
            rest.append(line)
    for name, value in _LINE.findall("\n".join(rest)):
        found.setdefault(name, value)
    return {name: value.strip()[:MAX_STATEMENT_CHARACTERS] for name, value in found.items()}


def tokens(text: str) -> list[str]:
    """The text cut into tokens of at most six letters; joined they are the text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens a text has."""
    return len(_TOKEN.findall(text))


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _messages(messages: Any) -> tuple[list[str], list[str]]:
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages", "`messages` must be a list of at least one message.")
    roles, texts = [], []
    for i, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(role, str):
            raise BadRequest(f"messages[{i}]", f"`messages[{i}]` must be an object with `role` and `content`.")
        roles.append(role)
        texts.append(_text(message.get("content"), i))
    return roles, texts


def _text(content: Any, i: int) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in content
    ):
        return "".join(part["text"] for part in content)
    raise BadRequest(
        f"messages[{i}].content", f"`messages[{i}].content` must be a text; images and audio are not read."
    )


def _include_usage(options: Any) -> bool:
    if options is not None and not isinstance(options, dict):
        raise BadRequest("stream_options", '`stream_options` must be an object such as {"include_usage": true}.')
    return bool(options and options.get("include_usage"))


def _integer(body: dict[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadRequest(name, f"`{name}` must be a whole number from {least} to {most}.")
    return value


def _task(response_format: Any, lines: dict[str, str]) -> TaskName:
    if response_format is None:
        response_format = {"type": "text"}
    if not isinstance(response_format, dict) or response_format.get("type") not in (
        "text",
        "json_object",
        "json_schema",
    ):
        raise BadRequest("response_format", "`response_format.type` must be text, json_object or json_schema.")
    if response_format["type"] == "json_schema":
        schema = response_format.get("json_schema")
        name = schema.get("name") if isinstance(schema, dict) else None
        for known in _NAMES:
            if name == known:
                return known
        raise BadRequest(
            "response_format.json_schema.name",
            f"`response_format.json_schema.name` is {str(name)[:80]!r}, but this engine knows {', '.join(_NAMES)}.",
        )
    return next((task for task, telling in _TELLING_LINES if telling <= lines.keys()), "solve")
