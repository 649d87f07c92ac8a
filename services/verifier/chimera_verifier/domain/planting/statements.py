"""Statements that a verifier must refuse, made from statements that it must accept."""

import re
from collections.abc import Sequence
from random import Random

from chimera_verifier.domain.planting import Stated, shown

_NUMBER = re.compile(r"(?<![\w\\.,^_{-])[0-9]+(?:\.[0-9]+)?(?![\w^_{}\\!%°]|[.,][0-9])")
"""One that stands by itself: no part of a name, of a formula's notation or of a longer number."""
_LABEL = re.compile(r"(?:^|\n)\s*\(?[0-9]+[).:]\s")
_CHOICES_FROM = re.compile(r"\n\s*\(?A[).:]\s")

_PROOFS = (
    "Prove your claim.",
    "Prove that your answer is the only one.",
    "Give a rigorous proof of your result.",
    "Show that no other answer is possible.",
    "Justify every step of your derivation with the theorem that it rests on.",
    "Your answer should be a complete argument that convinces a sceptical reader, not a value.",
    "Explain in an essay of about 300 words why the result holds.",
    "Discuss under which assumptions the result remains true.",
)
_FURTHER_QUESTIONS = (
    "Also, find how the result changes if every quantity given is doubled.",
    "In addition, state what the result would be if every quantity given were halved.",
    "What would the answer be if the first quantity given were one larger?",
    "As a second result, report the answer for the case in which all quantities given are three times as large.",
    "Finally, determine by how much the result exceeds the one for quantities half as large.",
    "How many other answers are there, and what is their sum?",
)
_MISSING_VALUES = ("a certain number", "some given amount", "a fixed value", "an amount known to the reader")
_ELSEWHERE = (
    "the value shown in the figure",
    "the number read off the diagram above",
    "the value given in the table",
    "the result of the previous part",
    "the value found in the preceding exercise",
    "the number that the accompanying chart gives for this case",
)
_REFERENCES = (
    "Use the data of the table above.",
    "Refer to the figure for all quantities that are not stated.",
    "Use the method and the constants of the previous question.",
    "Take the missing quantities from the chart in the text.",
)
_CONTRADICTIONS = (
    "Every quantity stated above is to be taken as it stands and, at the same time, as three times as large.",
    "Note that all the statements above are false as well as true.",
)
_FAR_SUBJECTS = ("Art history", "Culinary technique", "Property law", "Garment making", "Theatre direction")
_VERBS: Sequence[tuple[str, Sequence[str]]] = (
    ("find", ("determine", "work out")),
    ("compute", ("calculate", "work out")),
    ("calculate", ("compute", "determine")),
    ("determine", ("find", "work out")),
    ("evaluate", ("compute", "find the value of")),
    ("what is", ("determine", "state")),
    ("how many", ("what number of",)),
    ("suppose", ("assume",)),
    ("assume", ("suppose",)),
    ("given that", ("provided that",)),
    ("exactly", ("precisely",)),
    ("each", ("every",)),
    ("begins", ("starts",)),
    ("starts", ("begins",)),
    ("whole number", ("integer",)),
    ("integer", ("whole number",)),
    ("remainder", ("residue",)),
    ("give your answer", ("state the answer",)),
    ("answer with", ("reply with",)),
    ("show", ("display",)),
    ("chosen", ("picked",)),
    ("contains", ("holds",)),
    ("obtain", ("get",)),
)
_OPENINGS = (
    "Consider the following problem.",
    "Here is a task for you.",
    "Solve this.",
    "A question from a quiz:",
)


def proof(statement: str, random: Random) -> Stated:
    """Asks for a proof besides."""
    demand = random.choice(_PROOFS)
    return Stated(_with(statement, demand), f"It asks for an argument as well: {shown(demand)}.")


def multi_part(statement: str, random: Random) -> Stated:
    """Asks a second question."""
    question = random.choice(_FURTHER_QUESTIONS)
    return Stated(_with(statement, question), f"It asks a second question: {shown(question)}.")


def ill_posed(statement: str, random: Random) -> Stated:
    """Lacks a number that it had; one without numbers is contradicted instead."""
    return _without_number(statement, random, _MISSING_VALUES, "is not stated any more") or Stated(
        _with(statement, contradiction := random.choice(_CONTRADICTIONS)),
        f"It contradicts itself: {shown(contradiction)}.",
    )


def not_self_contained(statement: str, random: Random) -> Stated:
    """Takes a number that it had from elsewhere; one without numbers refers to something else."""
    return _without_number(statement, random, _ELSEWHERE, "stands elsewhere") or Stated(
        _with(statement, reference := random.choice(_REFERENCES)),
        f"It refers to what is not there: {shown(reference)}.",
    )


def far_subject(subject: str, random: Random) -> str:
    """A subject that shares no word with the given one, and whose problems look otherwise."""
    words = set(subject.casefold().split())
    return random.choice([far for far in _FAR_SUBJECTS if not words & set(far.casefold().split())])


def reformatted(statement: str, random: Random) -> Stated:
    """The same words and signs, set otherwise."""
    ways = [
        (f"**{statement}**", "it is bold"),
        (re.sub(r"[ \t]+", "  ", statement).replace("\n", "\n\n"), "spaces are doubled"),
        (re.sub(r"(?<!\\)\$([^$]+)\$", r"\\(\1\\)", statement), "mathematics has other delimiters"),
        (statement.replace("'", "’").replace('"', "“").replace("-", "−"), "quotes and dashes are others"),
        ("\n".join(f"> {line}" for line in statement.splitlines()), "it is a quotation"),
    ]
    changed = [(text, what) for text, what in ways if text != statement]
    text, what = random.choice(changed)
    return Stated(text, f"It is the same text, set otherwise: {what}.")


def reworded(statement: str, random: Random) -> Stated:
    """The same problem with other words for what is asked and given, and an opening that says nothing."""
    task, choices = _parts(statement)
    words = list[str]()
    for word, others in random.sample(_VERBS, len(_VERBS)):
        pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
        if (match := pattern.search(task)) and not any(word in other for other in words):
            other = random.choice(others)
            words.append(other)
            task = task[: match.start()] + _cased(other, match[0]) + task[match.end() :]
    task = f"{random.choice(_OPENINGS)} {task}"
    changed = f" and {len(words)} of its words are others" if words else ""
    return Stated(task + choices, f"It is reworded: it has another opening{changed}.")


def _without_number(statement: str, random: Random, others: Sequence[str], what: str) -> Stated | None:
    task, choices = _parts(statement)
    labels = [match.span() for match in _LABEL.finditer(task)]
    places = [
        match
        for match in _NUMBER.finditer(task)
        if not any(first <= match.start() < end for first, end in labels)
        and match.end() - match.start() < len(task) / 2
    ]
    if not places:
        return None
    place = random.choice(places)
    other = random.choice(others)
    text = task[: place.start()] + other + task[place.end() :] + choices
    return Stated(text, f"The number {place[0]} {what}: {shown(other)} stands in its place.")


def _with(statement: str, sentence: str) -> str:
    task, choices = _parts(statement)
    return f"{task.rstrip()} {sentence}{choices}"


def _parts(statement: str) -> tuple[str, str]:
    """The task, and the choices that follow it."""
    match = _CHOICES_FROM.search(statement)
    return (statement[: match.start()], statement[match.start() :]) if match else (statement, "")


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[0].isupper() else word
