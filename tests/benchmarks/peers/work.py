"""The work that every tool is given: the questions, their only right answers, and how the endpoint behaves.

Everything follows from the row's number, so that each tool meets the same latencies and faults, and every row it
delivers can be told right or wrong. Nothing but the standard library and pydantic: it is imported in every peer's
environment.
"""

import hashlib
import heapq
import math
import re
from collections import deque
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from pydantic import BaseModel

PROPOSE = (
    "Propose problem number {row} of a set: short, self-contained, with one answer. Answer as JSON: problem, answer."
)
JUDGE = "Judge whether this problem is well-posed: {problem} Answer as JSON: verdict (good or bad), reason."
MODEL = "bench"
MAX_TOKENS = 512
TRIES = 10
"""Most tries of one question, wherever a tool lets one choose."""

FIRST_PART = 0.9
"""Of the answers: after them there is too little left to do to keep any client busy."""

Stage = Literal["propose", "judge"]
Fault = Literal["", "refused", "garbled", "cut", "empty"]
_ROW = {"propose": re.compile(r"Propose problem number (\d+) "), "judge": re.compile(r"Problem (\d+): ")}


class Proposal(BaseModel):
    """What stage 1 asks for."""

    problem: str
    answer: str


class Verdict(BaseModel):
    """What stage 2 asks for."""

    verdict: Literal["good", "bad"]
    reason: str


@dataclass(frozen=True)
class Scenario:
    """How the endpoint behaves: latencies in seconds, faults as shares of all calls."""

    name: str
    mean: float
    sigma: float = 0.0
    cap: float = 60.0
    refused: float = 0.0
    """Answered at once with 429 and Retry-After: 1."""
    garbled: float = 0.0
    """Status 200 with half of a response body."""
    cut: float = 0.0
    """An answer that stops in the middle, with finish_reason `length`."""
    empty: float = 0.0
    """An answer of no characters, with finish_reason `stop`."""
    retry_after: int = 1

    def latency(self, stage: Stage, row: int, attempt: int) -> float:
        """Seconds until the answer: log-normal, the same for every tool."""
        if not self.sigma:
            return self.mean
        z = NormalDist().inv_cdf(_uniform("latency", stage, row, attempt))
        return min(self.cap, self.mean * math.exp(self.sigma * z - self.sigma**2 / 2))

    def fault(self, stage: Stage, row: int, attempt: int) -> Fault:
        """What is wrong with the answer to this attempt, if anything is."""
        left = _uniform("fault", stage, row, attempt)
        faults: tuple[Fault, ...] = ("refused", "garbled", "cut", "empty")
        for fault in faults:
            left -= getattr(self, fault)
            if left < 0:
                return fault
        return ""

    def ideal(self, rows: int, limit: int) -> tuple[float, float]:
        """What a client without any delay does: its seconds, and how full it keeps the endpoint for 90 % of the calls.

        It puts questions in the order in which they arise, which is all that it can know. Faults are left out.
        """
        waiting: deque[tuple[Stage, int]] = deque(("propose", row) for row in range(rows))
        ends: list[tuple[float, int, Stage]] = []
        now, answers, area, fill = 0.0, 0, 0.0, 0.0
        while waiting or ends:
            while waiting and len(ends) < limit:
                stage, row = waiting.popleft()
                heapq.heappush(ends, (now + self.latency(stage, row, 0), row, stage))
            in_flight, before = len(ends), now
            now, row, stage = heapq.heappop(ends)
            area, answers = area + in_flight * (now - before), answers + 1
            if not fill and answers >= FIRST_PART * 2 * rows:
                fill = area / now / limit
            if stage == "propose":
                waiting.append(("judge", row))
        return now, fill


def _uniform(*what: object) -> float:
    digest = hashlib.sha256(repr(what).encode()).digest()
    return (int.from_bytes(digest[:7], "big") + 0.5) / 2**56


def proposal(row: int) -> Proposal:
    """The one answer to a row's first question."""
    left, right = 1000 + row * 7 % 991, 100 + row * 13 % 887
    return Proposal(problem=f"Problem {row}: what is {left} plus {right}, in decimal digits?", answer=str(left + right))


def verdict(row: int) -> Verdict:
    """The one answer to a row's second question."""
    good = _uniform("verdict", row) < 0.8
    reason = f"The statement of problem {row} {'leaves nothing open' if good else 'can be read in two ways'}."
    return Verdict(verdict="good" if good else "bad", reason=reason)


def cut_at(stage: Stage, row: int, attempt: int) -> float:
    """The share of an answer that is left of it when it is cut."""
    return 0.3 + 0.65 * _uniform("cut", stage, row, attempt)


def fenced(messages: list[dict[str, object]]) -> bool:
    """Whether a request wants its JSON in a Markdown fence, as a model that follows its instructions would write it."""
    return any("```json" in _text(m.get("content")) and "code fence" in _text(m.get("content")) for m in messages)


def asked(messages: list[dict[str, object]]) -> tuple[Stage, int] | None:
    """Which question a request puts; None for what a tool asks on its own account, such as a health check."""
    text = next((_text(m["content"]) for m in messages if m.get("role") == "user"), "")
    stage: Stage = "judge" if "Judge whether this problem" in text else "propose"
    found = _ROW[stage].search(text)
    return (stage, int(found[1])) if found else ("judge", -1) if stage == "judge" else None


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content)


@dataclass
class Graded:
    """What became of the rows."""

    right: int
    accepted_wrong: int
    """Delivered as good, with an empty, cut or otherwise wrong field."""
    lost: int
    """Not delivered, or delivered with a field that says that there is none."""


FIELDS = ("problem", "answer", "verdict", "reason")


def grade(delivered: list[dict[str, str | None]], rows: int) -> Graded:
    """Compare what was delivered with the only right answers."""
    expected = {
        tuple({**proposal(row).model_dump(), **verdict(row).model_dump()}[name] for name in FIELDS)
        for row in range(rows)
    }
    complete = [tuple(row[name] for name in FIELDS) for row in delivered if None not in [row.get(n) for n in FIELDS]]
    right = len(expected & set(complete))
    return Graded(right, len(complete) - right, max(0, rows - len(complete)))
