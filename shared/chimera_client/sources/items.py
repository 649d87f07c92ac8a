"""Rows as problems of a corpus."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from chimera.corpus.v1 import corpus_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.sources import templates
from chimera_client.sources.rows import Row, Table
from chimera_shared.errors import InvalidInput

_GUESSES: Mapping[str, Sequence[str]] = {
    "statement": ("problem", "question", "statement", "prompt", "query", "instruction", "input"),
    "answer": ("final_answer", "answer", "reference_answer", "expected_answer", "correct_answer", "correct answer"),
    "subject": ("subject", "category", "topic", "domain", "problem_type"),
    "topic": ("topic",),
    "item_id": ("sample_id", "item_id", "unique_id", "question_id", "problem_id", "id", "problem_idx", "uid", "uuid"),
}
_OPTIONS = {
    "statement": "--statement-field",
    "answer": "--answer-field",
    "subject": "--subject-field",
    "topic": "--topic-field",
}
_CHOICES = ("answer_choices", "choices", "options")
_TYPED = ("answer_type", "answer_unit", "answer_tolerance")
_PREFIX = "ANSWER_TYPE_"
_TYPES = {name.removeprefix(_PREFIX).lower(): name for name in sample_pb2.AnswerType.keys()[1:]}
_MAX_CHOICES = 26
_MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """Which columns hold what; empty means that none does, or that it is guessed.

    `wrong_answers` are columns of the wrong choices of a problem whose answer is the text of the right one.
    `left_out` is a column whose rows are left out if it holds something, such as a picture that the problem needs.
    """

    statement: str = ""
    answer: str = ""
    subject: str = ""
    item_id: str = ""
    topic: str = ""
    choices: str = ""
    wrong_answers: Sequence[str] = ()
    answer_after: str = ""
    left_out: str = ""

    def among(self, columns: Sequence[str]) -> "Fields":
        """These, with what is empty guessed among the columns; InvalidInput if one is not there."""
        for name in fields(self):
            named = getattr(self, name.name)
            for column in [named] if isinstance(named, str) else named:
                if name.name != "answer_after" and column and column not in columns:
                    option = _OPTIONS.get(name.name, "--id-field")
                    raise InvalidInput.of(option, f"there is no {column[:60]!r}; there are {_listed(columns)}")
        lower = {column.lower(): column for column in reversed(columns)}
        guessed = {
            role: next((lower[guess] for guess in guesses if guess in lower), "")
            for role, guesses in _GUESSES.items()
            if not getattr(self, role)
        }
        if not (self.choices or self.wrong_answers):
            guessed["choices"] = next((lower[guess] for guess in _CHOICES if guess in lower), "")
        found = replace(self, **guessed)
        if not found.statement and not set(templates.COLUMNS) <= {*columns, templates.CONDITIONS}:
            raise InvalidInput.of(
                "--statement-field", f"say which column is the problem's statement; there are {_listed(columns)}"
            )
        return found

    @property
    def columns(self) -> list[str]:
        """Every column that is read."""
        one = (self.statement, self.answer, self.subject, self.item_id, self.topic, self.choices, self.left_out)
        return [*dict.fromkeys(column for column in (*one, *self.wrong_answers, *_TYPED, *templates.COLUMNS) if column)]


def items_of(table: Table, told: Fields) -> Iterator[corpus_pb2.CorpusItem]:
    """Every row with a statement as a problem. InvalidInput if the statement's column is not known."""
    names = told.among(table.columns)
    return _items(table, names)


def _items(table: Table, names: Fields) -> Iterator[corpus_pb2.CorpusItem]:
    seen: set[str] = set()
    for number, row in enumerate(table.rows(names.columns), 1):
        statement, template = _text(row.get(names.statement)).strip(), templates.read(row, number)
        if not (statement or template) or (names.left_out and row.get(names.left_out)):
            continue
        subject, topic = (_text(row.get(name))[:_MAX_NAME_CHARS] for name in (names.subject, names.topic))
        item = corpus_pb2.CorpusItem(statement=statement, subject=subject, topic=topic)
        if names.item_id:
            item_id = _text(row.get(names.item_id))[:180] or f"row-{number}"
            item.item_id = f"{item_id}-{number}" if item_id in seen else item_id
            seen.add(item.item_id)
        _answer(item, row, names)
        if template:
            templates.attach(item, template, number)
        yield item


def _answer(item: corpus_pb2.CorpusItem, row: Row, names: Fields) -> None:
    """The answer, if there is one. Where the row does not say its type the verifier infers it."""
    value = _text(row.get(names.answer)).strip() if names.answer else ""
    if names.answer_after:
        value = value.rpartition(names.answer_after)[2].strip()
    if not value:
        return
    texts = _choices(row, names, value)
    if names.wrong_answers:
        value = _letter(texts.index(value))
    named = _TYPES.get(_text(row.get("answer_type")).lower(), _PREFIX + ("CHOICE" if texts else "UNSPECIFIED"))
    item.answer.CopyFrom(sample_pb2.Answer(type=named, value=value))
    if named == _PREFIX + "CHOICE" and texts:
        item.answer.choices.extend(texts)
        if not any(text in item.statement for text in texts):
            item.statement += "\n\n" + "\n".join(f"{_letter(i)}) {text}" for i, text in enumerate(texts))
    item.answer.unit = _text(row.get("answer_unit"))
    item.answer.tolerance = _number(row.get("answer_tolerance"))


def _choices(row: Row, names: Fields, right: str) -> list[str]:
    """The texts of a choice problem. Where they come as one right and some wrong ones, their order says nothing."""
    if names.wrong_answers:
        texts = {right, *(_text(row.get(column)).strip() for column in names.wrong_answers)} - {""}
        return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())
    value = row.get(names.choices) if names.choices else None
    texts_given = [_text(text).strip() for text in value] if isinstance(value, list) else []
    return texts_given if 2 <= len(texts_given) <= _MAX_CHOICES else []


def _letter(index: int) -> str:
    return chr(ord("A") + index)


def _text(value: Any) -> str:
    if value is None or isinstance(value, list | dict | bytes):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is no text


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(column[:40] for column in columns[:30])
