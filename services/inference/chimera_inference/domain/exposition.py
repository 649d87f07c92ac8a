"""Turns a working into the two texts of a solver: a clean worked solution, and the long reasoning before it."""

from random import Random

from .family import Working

_OPENINGS = (
    "Let me read the question carefully before computing anything.",
    "First I want to be sure what is given and what is asked.",
    "I start by restating the problem so that no number gets lost.",
    "Before reaching for a formula, let me pin down the data.",
)
_FORMS = {
    "number": "The result should be a single number",
    "expression": "The result should be one simplified expression",
    "set": "The result should be a set, so the order of its elements does not matter and nothing may appear twice",
    "interval": "The result should be an interval or a union of intervals, so each end point needs a decision: in or "
    "out",
    "tuple": "The result should be an ordered list, so the order matters as much as the entries",
    "matrix": "The result should be a matrix, and its shape can be predicted before any entry is computed",
    "choice": "The result should be the letter of one option, so I work the answer out first and compare only "
    "afterwards",
    "text": "The result should be a short text, so spelling counts",
}
_LINKS = ("To begin:", "Next:", "Then:", "Continuing:", "After that:", "Going on:", "Now:")
_DOUBTS = (
    "Let me not trust this yet and test it in another way.",
    "Before I accept that, an independent check.",
    "That looks reasonable, but a slip is easily made here, so I verify it.",
)


def solution_text(working: Working) -> str:
    """The worked solution, which ends in the boxed answer."""
    steps = "\n\n".join(f"**Step {i}.** {step}" for i, step in enumerate(working.steps, start=1))
    checks = " ".join(working.checks)
    return f"{working.plan}\n\n{steps}\n\n**Check.** {checks}{_ending(working)}"


def terse_text(working: Working) -> str:
    """The steps, a line each, and the boxed answer."""
    return "\n".join(working.steps) + _ending(working)


def reasoning_text(statement: str, working: Working, rng: Random) -> str:
    """The chain of thought: restatement, plan, every step, doubts, checks and what will be answered."""
    form = _FORMS[working.answer.type]
    unit = f", in {working.answer.unit}" if working.answer.unit else ""
    parts = [
        f"{rng.choice(_OPENINGS)} The question says: {' '.join(statement.split())}",
        f"{form}{unit}. I keep that in mind, because an answer of another form would be wrong however good the way "
        f"to it.",
        f"What is the idea? {working.plan} That uses everything given and needs nothing from outside the statement, "
        "so I follow it step by step and write down each intermediate result.",
    ]
    for i, step in enumerate(working.steps):
        parts.append(f"{_LINKS[min(i, 1) if i < 2 else rng.randrange(1, len(_LINKS))]} {step}")
    parts.append(f"So the candidate is {plainly(working)}. {rng.choice(_DOUBTS)}")
    parts.extend(working.checks)
    parts.append(
        "I also look back at the statement once more: every quantity it gives has been used, none was used twice by "
        f"mistake, and the question asks for exactly one thing, which I now have. The final answer is "
        f"{plainly(working)}."
    )
    return "\n\n".join(parts)


def _ending(working: Working) -> str:
    return f"\n\n**Answer:** ${working.answer.boxed()}$"


def plainly(working: Working) -> str:
    """The answer as it is said in running text."""
    answer = working.answer
    return f"{answer.value} {answer.unit}".strip()
