"""The same problem, asked otherwise: who learned it by heart does worse on it.

After the perturbations of GSM-Plus (Li et al. 2024) and GSM-Symbolic (Mirzadeh et al. 2024), kept to those that leave
the answer known without solving the problem again: other numbers only where a template says what they give.
"""

import re
from collections.abc import Callable
from random import Random

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.templates import renumber

_NAMES = (
    "Alice", "Amira", "Anna", "Ben", "Bob", "Carla", "Carlos", "Chen", "Clara", "Daniel", "David", "Diana", "Elena",
    "Emma", "Farid", "Grace", "Hannah", "Ivan", "James", "Jane", "John", "Julia", "Karim", "Laura", "Leo", "Linda",
    "Lucas", "Maria", "Mark", "Mary", "Mei", "Michael", "Nadia", "Noah", "Olga", "Oliver", "Paul", "Peter", "Priya",
    "Ravi", "Rosa", "Sam", "Sara", "Sofia", "Susan", "Thomas", "Tom", "Uma", "Victor", "Wei", "Yusuf", "Zoe",
)  # fmt: skip
_NAME = re.compile(rf"\b(?:{'|'.join(_NAMES)})\b")
_AFTER_A_NAME = re.compile(r"[ ]+[A-Z][a-z]")
"""A surname follows: then it is somebody in particular."""
_CHOICE = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*)$", re.MULTILINE)
_DISTRACTIONS = (
    "It had rained in the morning, and the streets were still wet.",
    "A train to the coast leaves from the nearby station every forty minutes.",
    "The library next door had just bought 312 new books.",
    "Someone had left a green umbrella in the corner of the room.",
    "The bakery across the road sells its bread for 3 coins a loaf.",
    "On the wall hung a calendar of the year before.",
)


def perturbed(
    item: corpus_pb2.CorpusItem, how: "evaluation_pb2.Perturbation", rng: Random
) -> corpus_pb2.CorpusItem | None:
    """The item asked in another way, with its answer as it is then; None where that cannot be done to it."""
    changed = corpus_pb2.CorpusItem()
    changed.CopyFrom(item)
    if not _HOW[how](changed, rng):
        return None
    changed.ClearField("template")  # of no use to whoever is asked
    return changed


def _as_it_is(item: corpus_pb2.CorpusItem, rng: Random) -> bool:
    return True


def _rename(item: corpus_pb2.CorpusItem, rng: Random) -> bool:
    found = {match[0] for match in _NAME.finditer(item.statement)}
    known = any(_AFTER_A_NAME.match(item.statement, match.end()) for match in _NAME.finditer(item.statement))
    if not found or known:
        return False
    free = [name for name in _NAMES if name not in item.statement]
    others = dict(zip(sorted(found), rng.sample(free, len(found)), strict=True)) if len(found) <= len(free) else {}
    if not others:
        return False
    item.statement = _NAME.sub(lambda match: others[match[0]], item.statement)
    item.answer.value = _NAME.sub(lambda match: others.get(match[0], match[0]), item.answer.value)
    return True


def _reorder(item: corpus_pb2.CorpusItem, rng: Random) -> bool:
    choices = list(_CHOICE.finditer(item.statement))
    letters = [match[1] for match in choices]
    right = item.answer.value.strip().strip("().").upper()
    in_order = letters == [chr(ord("A") + i) for i in range(len(letters))]
    refers = re.search(r"\b(?:above|below|both|all of|none of)\b", " ".join(m[2] for m in choices), re.IGNORECASE)
    if item.answer.type != sample_pb2.ANSWER_TYPE_CHOICE or len(letters) < 2 or not in_order or refers:
        return False
    if right not in letters:
        return False
    order = rng.sample(range(len(letters)), len(letters))
    if order == sorted(order):
        order = order[1:] + order[:1]
    texts = [choices[i][2] for i in order]
    for match, text in reversed(list(zip(choices, texts, strict=True))):
        item.statement = item.statement[: match.start(2)] + text + item.statement[match.end(2) :]
    item.answer.value = letters[order.index(letters.index(right))]
    if len(item.answer.choices) == len(letters):
        item.answer.choices[:] = [item.answer.choices[i] for i in order]
    return True


def _distract(item: corpus_pb2.CorpusItem, rng: Random) -> bool:
    item.statement = f"{rng.choice(_DISTRACTIONS)} {item.statement}"
    return True


_HOW: dict[int, Callable[[corpus_pb2.CorpusItem, Random], bool]] = {
    evaluation_pb2.PERTURBATION_UNSPECIFIED: _as_it_is,
    evaluation_pb2.PERTURBATION_RENAMED: _rename,
    evaluation_pb2.PERTURBATION_REORDERED: _reorder,
    evaluation_pb2.PERTURBATION_DISTRACTED: _distract,
    evaluation_pb2.PERTURBATION_RENUMBERED: renumber,
}
