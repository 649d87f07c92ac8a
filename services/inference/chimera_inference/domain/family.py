"""What a problem family is: wordings over a typed instance, a way to draw instances and a way to work them out."""

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from string import Formatter
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from .answers import Answer
from .notation import Notation

I = TypeVar("I")  # noqa: E741  the instance: a frozen dataclass


class OutOfReach(ValueError):
    """The statement has the family's form, but its numbers lie outside what the family can work out."""


def require(condition: bool, why: str) -> None:
    """Refuses an instance that lies outside the family's domain."""
    if not condition:
        raise OutOfReach(why)


@dataclass(frozen=True, slots=True)
class Working:
    """A problem worked out: the answer, the idea in one or two sentences, the steps, and independent checks.

    The steps of a terse family stand alone.
    """

    answer: Answer
    plan: str
    steps: tuple[str, ...]
    checks: tuple[str, ...]


class Family(ABC, Generic[I]):
    """One kind of problem.

    A wording holds every field of the instance in braces, so a statement is read back by the very text that wrote it;
    nothing else is kept.
    """

    instance: ClassVar[type[Any]]
    wordings: ClassVar[tuple[str, ...]]
    terse: ClassVar[bool] = False
    """Whether a solution is the bare steps, which a model of a million weights can learn, and no prose around them."""

    def __init__(self) -> None:
        self._notations = _notations(self.instance)
        self._patterns = tuple(_pattern(wording, self._notations) for wording in self.wordings)

    @property
    def name(self) -> str:
        """The family's name in the taxonomy: its module's."""
        return type(self).__module__.rsplit(".", 1)[1]

    @abstractmethod
    def draw(self, rng: Random) -> I:
        """A random instance."""

    @abstractmethod
    def work(self, instance: I) -> Working:
        """The answer and the way to it; OutOfReach if the instance is not one that `draw` could mean."""

    def state(self, instance: I, rng: Random) -> str:
        """The instance in one of the wordings."""
        shown = {name: notation.show(getattr(instance, name)) for name, notation in self._notations.items()}
        return rng.choice(self.wordings).format(**shown)

    def recognise(self, statement: str) -> I | None:
        """The instance that a statement, with single spaces, speaks of; None if it is not of this family."""
        for pattern in self._patterns:
            match = pattern.fullmatch(statement)
            if match is not None:
                return self._read(match.groupdict())
        return None

    def misread(self, instance: I, rng: Random) -> I:
        """The instance with one or more parameters mistaken for others that could have stood there."""
        other = self.draw(rng)
        names = list(self._notations)
        taken = rng.sample(names, rng.randint(1, len(names)))
        return dataclasses.replace(instance, **{name: getattr(other, name) for name in taken})  # type: ignore[type-var]

    def _read(self, groups: Mapping[str, str]) -> I | None:
        try:
            values = {name: notation.read(groups[name]) for name, notation in self._notations.items()}
        except (ValueError, IndexError):
            return None
        read: I = self.instance(**values)
        return read


def _notations(instance: type[Any]) -> dict[str, Notation]:
    hints = get_type_hints(instance, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in dataclasses.fields(instance)}


def _pattern(wording: str, notations: Mapping[str, Notation]) -> re.Pattern[str]:
    pieces: list[str] = []
    seen: set[str] = set()
    for literal, name, _, _ in Formatter().parse(wording):
        pieces.append(re.escape(re.sub(r"\s+", " ", literal)))
        if name is not None:
            pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>{notations[name].pattern})")
            seen.add(name)
    if seen != set(notations):
        raise TypeError(f"The wording {wording!r} must hold exactly the fields {sorted(notations)}.")
    return re.compile("".join(pieces))
