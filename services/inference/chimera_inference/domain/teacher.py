"""The teacher without weights: proposes a problem about a topic, solves a bare statement, compares two answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from random import Random
from typing import Any

from .answers import LETTERS, Answer
from .exposition import reasoning_text, solution_text, terse_text
from .families import all_families
from .family import Family, Working
from .taxonomy import Taxonomy

# A longer statement is none of ours; the bound keeps hostile text cheap.
MAX_STATEMENT_CHARACTERS = 6_000
# A repetitive model knows only this many instances a family.
REPERTOIRE_WHEN_REPEATING = 3
_MISREADINGS_TRIED = 60
_FIRST_SENTENCE = re.compile(r"[^.!?]{1,200}[.!?] ")
_CANNOT_BE_WORKED_OUT = (ValueError, ArithmeticError, LookupError)
# Exact numbers in answers are short; a huge exponent would make a fraction of it expensive.
_LONGEST_NUMBER = 40
_TEXT_MARK = re.compile(r"\\(?:boxed|text|mathrm)(?=\{)")
_TRIVIAL_FORM = str.maketrans("", "", " ${}\\")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A problem and the answer its author claims."""

    statement: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a solver says; `answer` is None if it could not solve the problem, and a terse solver has no `reasoning`."""

    reasoning: str
    text: str
    answer: Answer | None


YES, NO, UNSURE = "yes", "no", "unsure"


@dataclass(frozen=True, slots=True)
class Screening:
    """What is said to each question about a problem, and why."""

    subject: tuple[str, str]
    self_contained: tuple[str, str]
    single_answer: tuple[str, str]


def rng_of(*parts: object) -> Random:
    """A generator seeded by everything that shapes the outcome; the same in every process."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311  not for secrets


def propose(taxonomy: Taxonomy, subject: str, field: str, topic: str, rng: Random, *, wrong: bool) -> Proposal | None:
    """A problem about the topic, with a plausible wrong answer if `wrong`; None if no family fits."""
    name = taxonomy.family(subject, field, topic)
    if name is None:
        return None
    family = all_families()[name]
    instance = family.draw(rng)
    statement = family.state(instance, rng)
    working = family.work(instance)
    return Proposal(statement, _mistaken(family, instance, working, rng).answer if wrong else working.answer)


def repeating_rng(family: str | None, rng: Random) -> Random:
    """A generator that can only draw a few instances of a family, so that earlier problems come again."""
    return rng_of("repertoire", family, rng.randrange(REPERTOIRE_WHEN_REPEATING))


def chance(statement: str, accuracy: float) -> float:
    """How likely a model of this accuracy solves a problem.

    Some problems are harder than others, for all models alike; over many problems the mean is the accuracy.
    """
    ease = rng_of("ease", " ".join(statement.split())).uniform(-1, 1)
    return accuracy + ease * min(accuracy, 1 - accuracy)


def screen(taxonomy: Taxonomy, subject: str, statement: str) -> Screening:
    """What can be told of a problem from its statement alone; nothing of one that no family recognises."""
    reading = next(_readings(statement), None)
    if reading is None:
        return Screening(*[(UNSURE, "No family that this engine can work out poses such a problem.")] * 3)
    name, known = reading[0].name, taxonomy.families(subject)
    kind = f"It is one of the {name.replace('_', ' ')}, which are"
    if not known:
        belongs = (UNSURE, "The engine does not know the subject.")
    else:
        belongs = (YES, f"{kind} part of the subject.") if name in known else (NO, f"{kind} no part of the subject.")
    whole = (YES, "It was read and worked out from its statement alone.")
    return Screening(belongs, whole, (YES, "Its statement leads to one answer."))


def relate(statement: str, other: str) -> tuple[str, str]:
    """How two problems relate, and why; decided for what families recognise."""
    one, two = (next(_readings(text), None) for text in (statement, other))
    if one is None or two is None:
        return "undecided", "No family that this engine can work out poses one of the problems."
    if one[0] is not two[0]:
        return "different", "They are worked out in different ways."
    if one[1] == two[1]:
        return "same", "Both give and ask the same."
    return "variant", "They are worked out in the same way from other data."


def solve(statement: str, rng: Random, *, wrong: bool) -> Attempt | None:
    """Works the bare statement out, or misreads it if `wrong`; None if no family recognises it."""
    for family, instance, working in _readings(statement):
        done = _mistaken(family, instance, working, rng) if wrong else working
        if family.terse:
            return Attempt("", terse_text(done), done.answer)
        return Attempt(reasoning_text(statement, done, rng), solution_text(done), done.answer)
    return None


def _readings(statement: str) -> Iterator[tuple[Family[Any], Any, Working]]:
    """The families that can work a statement out, each with what it says and the way to its answer.

    What no family recognises as a whole is read again without its first sentence, which may have no bearing.
    """
    text = " ".join(statement.split())
    if len(text) > MAX_STATEMENT_CHARACTERS:
        return
    recognised = False
    for reading in _recognised(text):
        recognised = True
        yield reading
    if not recognised and (first := _FIRST_SENTENCE.match(text)):
        yield from _recognised(text[first.end() :])


def _recognised(text: str) -> Iterator[tuple[Family[Any], Any, Working]]:
    for family in all_families().values():
        if (instance := family.recognise(text)) is None:
            continue
        try:
            working = family.work(instance)
        except _CANNOT_BE_WORKED_OUT:
            continue
        yield family, instance, working


def judge(question: str, reference: str, candidate: str) -> tuple[str, str]:
    """Verdict and reason: decided for equal forms, for numbers, and for single words if the question asks for a "
    "text."""
    left, right = (_TEXT_MARK.sub("", text).translate(_TRIVIAL_FORM).casefold() for text in (reference, candidate))
    if not left or not right:
        return "undecided", "One of the answers is empty."
    if left == right:
        return "equivalent", "Both answers have the same normal form."
    if left.isalnum() and right.isalnum() and _asks_for_text(question):
        return "different", "The question asks for one exact word, and these are two different words."
    try:
        equal = _fraction(left) == _fraction(right)
    except (ValueError, ZeroDivisionError):
        return "undecided", "The answers are written differently, and no rule for this form decides."
    return ("equivalent", "Both are the same number.") if equal else ("different", "They are different numbers.")


def _fraction(text: str) -> Fraction:
    if len(text) > _LONGEST_NUMBER or "e" in text:
        raise ValueError("not a plain number")
    return Fraction(text)


def _asks_for_text(question: str) -> bool:
    attempt = solve(question, rng_of("judge"), wrong=False)
    return attempt is not None and attempt.answer is not None and attempt.answer.type == "text"


def _mistaken(family: Family[Any], instance: Any, right: Working, rng: Random) -> Working:
    """A working that is sound for a misread instance and wrong for this one."""
    for _ in range(_MISREADINGS_TRIED):
        try:
            working = family.work(family.misread(instance, rng))
        except _CANNOT_BE_WORKED_OUT:
            continue
        if right.answer.type == working.answer.type and right.answer.differs(working.answer):
            return working
    return _conclude_otherwise(right, rng)


def _conclude_otherwise(right: Working, rng: Random) -> Working:
    """The last resort: the right steps but another letter or word at the end."""
    answer = right.answer
    letters = [x for x in LETTERS[: max(len(answer.choices), 2)] if x != answer.value]
    value = rng.choice(letters) if answer.type == "choice" else f"{answer.value} + 1"
    return Working(
        Answer(answer.type, value, answer.unit, answer.tolerance, answer.choices), right.plan, right.steps, ()
    )
