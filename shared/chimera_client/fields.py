"""Plain mappings read into messages, with every mistake named by its path.

The message's own descriptor says which fields there are, so a file never accepts what the contract does not have.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from chimera_shared.errors import Violation

Shorthand = Callable[[Any], Any]
"""Turns a short way of writing a message into its mapping; returns anything else unchanged."""

_INTEGER_BITS = {
    FieldDescriptor.CPPTYPE_INT32: 32,
    FieldDescriptor.CPPTYPE_INT64: 64,
}
_SHOWN_CHARS = 60


class Reader:
    """Fills messages and gathers what is wrong in `violations`."""

    def __init__(self, shorthands: Mapping[str, Shorthand]) -> None:
        self._shorthands = shorthands
        self.violations: list[Violation] = []

    def fill(self, message: Message, raw: Any, path: str = "", extra: Iterable[str] = ()) -> None:
        """Set the message's fields from `raw`. Keys in `extra` are known, but not the message's."""
        raw = self._shorthands.get(message.DESCRIPTOR.full_name, lambda value: value)(raw)
        if not isinstance(raw, dict):
            self._wrong(path, f"must be a mapping with {_known(message)}, not {shown(raw)}")
            return
        fields = cast(Mapping[str, FieldDescriptor], message.DESCRIPTOR.fields_by_name)
        for key, value in raw.items():
            at = f"{path}.{key}" if path else str(key)
            if key in fields:
                self._set(message, fields[key], value, at)
            elif key not in extra:
                self._wrong(at, unknown_field(key, [*fields, *extra]))

    def _set(self, message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
        if value is None:
            self._wrong(path, "has no value; give it one or remove the line")
        elif field.is_repeated:
            self._set_list(message, field, value, path)
        elif field.message_type is not None:
            target = getattr(message, field.name)
            target.SetInParent()
            self.fill(target, value, path)
        else:
            try:
                setattr(message, field.name, scalar(field, value))
            except ValueError as error:
                self._wrong(path, str(error))

    def _set_list(self, message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
        if not isinstance(value, list):
            self._wrong(path, f"must be a list, such as [a, b], not {shown(value)}")
            return
        target = getattr(message, field.name)
        for index, item in enumerate(value):
            at = f"{path}[{index}]"
            if field.message_type is not None:
                self.fill(target.add(), item, at)
                continue
            try:
                target.append(scalar(field, item))
            except ValueError as error:
                self._wrong(at, str(error))

    def _wrong(self, path: str, description: str) -> None:
        self.violations.append(Violation(path or "file", description))


def scalar(field: FieldDescriptor, value: Any) -> Any:
    """The value as the field takes it; ValueError says what it must be."""
    if field.enum_type is not None:
        return _enum(field.enum_type, value)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _text(value)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {shown(value)}")
        return value
    if field.cpp_type in _INTEGER_BITS:
        return _integer(value, _INTEGER_BITS[field.cpp_type])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"must be a number of usual size, not {shown(value)}") from None


def unknown_field(key: object, known: Iterable[str]) -> str:
    """Says that there is no such field, which one may be meant, and which there are."""
    names = sorted(known)
    close = difflib.get_close_matches(str(key)[:_SHOWN_CHARS], names, n=1)
    guess = f"did you mean `{close[0]}`? " if close else ""
    return f"no such field; {guess}known fields are {', '.join(names)}"


def shown(value: Any) -> str:
    """A value as it stands in an error: short, on one line."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_CHARS else f"{value[:_SHOWN_CHARS]}…")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**_SHOWN_CHARS:
        return "a number of that size"
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        hint = "" if isinstance(value, list | dict) else " (put it in quotes)"
        raise ValueError(f"must be text, not {shown(value)}{hint}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be text without lone surrogates; remove the \\ud8… escape") from None
    return value


def _integer(value: Any, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {shown(value)}")
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(f"must fit in {bits} bits, which {shown(value)} does not")
    return value


def _enum(enum: EnumDescriptor, value: Any) -> int:
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    names = {v.name.removeprefix(prefix).lower(): v.number for v in enum.values if v.number}
    key = str(value).removeprefix(prefix).lower()
    if key not in names:
        *others, last = names
        raise ValueError(f"must be {', '.join(others)} or {last}, not {shown(value)}")
    return names[key]


def _known(message: Message) -> str:
    return ", ".join(sorted(message.DESCRIPTOR.fields_by_name))
