"""Which subjects, fields and topics the engine knows, and which family speaks of which topic."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

# Words that say nothing about what a topic is.
_EMPTY_WORDS = frozenset(("a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with", "without"))


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Subject → field → topic → name of the family; subjects are found in any letter case."""

    subjects: dict[str, dict[str, dict[str, str]]]

    def fields(self, subject: str) -> list[str]:
        """The fields of a subject; empty if it is unknown."""
        return list(self._subject(subject))

    def topics(self, subject: str, field: str) -> list[str]:
        """The topics of a field; empty if it is unknown."""
        return next((list(t) for name, t in self._subject(subject).items() if _same(name, field)), [])

    def family(self, subject: str, field: str, topic: str) -> str | None:
        """The family of a topic; for a topic in other words, that of the nearest known one; None if none is near."""
        known = {
            title: (family, name) for name, topics in self._subject(subject).items() for title, family in topics.items()
        }
        exact = next((family for title, (family, _) in known.items() if _same(title, topic)), None)
        if exact is not None or not known:
            return exact
        asked = _words(topic)
        near = max(known, key=lambda title: (len(asked & _words(title)), len(asked & _words(known[title][1]))))
        return known[near][0] if asked & (_words(near) | _words(known[near][1])) else None

    def families(self, subject: str) -> frozenset[str]:
        """The families that speak of any topic of a subject; none if it is unknown."""
        return frozenset(family for topics in self._subject(subject).values() for family in topics.values())

    def _subject(self, subject: str) -> dict[str, dict[str, str]]:
        return next((fields for name, fields in self.subjects.items() if _same(name, subject)), {})


@cache
def procedural_taxonomy() -> Taxonomy:
    """The taxonomy that ships with the engine."""
    text = files(__package__).joinpath("taxonomy.yaml").read_text("utf-8")
    subjects = {
        subject: {
            field: {topic: family for family, topics in families.items() for topic in topics}
            for field, families in fields.items()
        }
        for subject, fields in yaml.safe_load(text).items()
    }
    return Taxonomy(subjects)


def _same(left: str, right: str) -> bool:
    return left.strip().casefold() == right.strip().casefold()


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]+", text.casefold())} - _EMPTY_WORDS
