"""From a chat request to the choices of its answer: which task it is, and what the teacher says to it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

import orjson

from .dials import Dials
from .domain import teacher
from .domain.answers import Answer
from .domain.taxonomy import Taxonomy
from .faults import Faults
from .protocol import ChatRequest, tokens

_HONEST_REFUSAL = (
    "I am a procedural engine and solve only problems of the families that I was built with. "
    "I do not recognise this problem, so I give no answer."
)
_NO_FAMILY = "I am a procedural engine, and none of my problem families is about this topic."
# The share of a broken JSON text that is sent, so that neither brackets nor quotes close.
_BROKEN_AT = 0.7


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of an answer, as tokens; `refusal` instead of content where the engine declines a structured task."""

    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    refusal: str | None = None
    finish_reason: str = "stop"

    @property
    def tokens(self) -> int:
        """Tokens of this choice, reasoning included."""
        return len(self.reasoning) + len(self.content)


@dataclass(frozen=True, slots=True)
class Scholar:
    """A model: its ability and the taxonomy it knows."""

    accuracy: float
    taxonomy: Taxonomy

    def answer(self, request: ChatRequest, seed: int, dials: Dials, faults: Faults) -> list[Choice]:
        """The choices of an answer: a function of its arguments alone."""
        accuracy = self.accuracy if dials.accuracy is None else dials.accuracy
        task = _TASKS[request.task]
        choices = []
        for i in range(request.choices):
            rng = teacher.rng_of(request.model, seed, i, *request.conversation)
            choice = task(request, Setting(self.taxonomy, accuracy, dials, seed, i, rng))
            choices.append(_shorten(_break(choice, request, faults), request, faults))
        return choices


@dataclass(frozen=True, slots=True)
class Setting:
    """What a task needs besides the request."""

    taxonomy: Taxonomy
    accuracy: float
    dials: Dials
    seed: int
    index: int
    rng: Random


def _fields(request: ChatRequest, setting: Setting) -> Choice:
    found = setting.taxonomy.fields(request.lines.get("Subject", ""))
    return _structured({"fields": found[: _count(request)]})


def _topics(request: ChatRequest, setting: Setting) -> Choice:
    found = setting.taxonomy.topics(request.lines.get("Subject", ""), request.lines.get("Field", ""))
    return _structured({"topics": found[: _count(request)]})


def _problem(request: ChatRequest, setting: Setting) -> Choice:
    subject, field, topic = (request.lines.get(name, "") for name in ("Subject", "Field", "Topic"))
    wrong = setting.rng.random() < setting.dials.wrong_rate
    repeats = setting.rng.random() < setting.dials.duplicate_rate
    family = setting.taxonomy.family(subject, field, topic)
    rng = teacher.repeating_rng(family, setting.rng) if repeats else setting.rng
    proposal = teacher.propose(setting.taxonomy, subject, field, topic, rng, wrong=wrong)
    if proposal is None:
        return Choice((), (), refusal=_NO_FAMILY)
    return _structured({"problem": proposal.statement, "answer": _answer_json(proposal.answer)})


def _judgement(request: ChatRequest, setting: Setting) -> Choice:
    del setting
    texts = (request.lines.get(name, "") for name in ("Question", "Reference answer", "Candidate answer"))
    verdict, reason = teacher.judge(*texts)
    return _structured({"verdict": verdict, "reason": reason})


def _screening(request: ChatRequest, setting: Setting) -> Choice:
    found = teacher.screen(setting.taxonomy, request.lines.get("Subject", ""), request.lines.get("Problem", ""))
    said = {}
    for name, (verdict, reason) in asdict(found).items():
        if verdict != teacher.UNSURE and setting.rng.random() < setting.dials.screening_error_rate:
            verdict, reason = teacher.NO if verdict == teacher.YES else teacher.YES, "An error that a dial asks for."
        said[name] = {"reason": reason, "verdict": verdict}
    return _structured(said)


def _relation(request: ChatRequest, setting: Setting) -> Choice:
    del setting
    relation, reason = teacher.relate(request.lines.get("Problem", ""), request.lines.get("Other", ""))
    return _structured({"reason": reason, "relation": relation})


def _solve(request: ChatRequest, setting: Setting) -> Choice:
    for statement in request.user_texts:
        rng = teacher.rng_of(request.model, setting.seed, setting.index, "solve", " ".join(statement.split()))
        attempt = teacher.solve(statement, rng, wrong=rng.random() >= teacher.chance(statement, setting.accuracy))
        if attempt is not None:
            return Choice(tuple(tokens(attempt.reasoning)), tuple(tokens(attempt.text)))
    return Choice((), tuple(tokens(_HONEST_REFUSAL)))


_TASKS: dict[str, Callable[[ChatRequest, Setting], Choice]] = {
    "fields": _fields,
    "topics": _topics,
    "problem": _problem,
    "judgement": _judgement,
    "screening": _screening,
    "relation": _relation,
    "solve": _solve,
}


def _structured(value: dict[str, Any]) -> Choice:
    return Choice((), tuple(tokens(orjson.dumps(value).decode())))


def _answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "type": answer.type,
        "value": answer.value,
        "unit": answer.unit,
        "tolerance": answer.tolerance,
        "choices": list(answer.choices),
    }


def _count(request: ChatRequest) -> int:
    asked = request.lines.get("Count", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0


def _break(choice: Choice, request: ChatRequest, faults: Faults) -> Choice:
    if faults.empty:
        return Choice((), ())
    if not faults.malformed or choice.refusal is not None:
        return choice
    if request.task == "solve":
        return replace(choice, content=tuple(tokens("".join(choice.content).replace("\\boxed", ""))))
    return replace(choice, content=choice.content[: max(1, int(len(choice.content) * _BROKEN_AT))])


def _shorten(choice: Choice, request: ChatRequest, faults: Faults) -> Choice:
    """Cuts at the token limit; the reasoning comes first and is paid for like the content."""
    limits = [
        limit for limit in (request.max_tokens, choice.tokens // 2 if faults.truncated else None) if limit is not None
    ]
    if not limits or choice.tokens <= min(limits):
        return choice
    reasoning = choice.reasoning[: min(limits)]
    content = choice.content[: min(limits) - len(reasoning)]
    return replace(choice, reasoning=reasoning, content=content, finish_reason="length")
