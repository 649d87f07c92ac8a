"""Answers to grade, of each kind the same in every run: gold, response, and whether it is right."""

from collections.abc import Mapping
from dataclasses import dataclass

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.typing import infer

_LONG_CHARS = 20_000
_NAMES = ("Marie Curie", "photosynthesis", "the Treaty of Westphalia", "Île-de-France", "Gauss–Bonnet theorem")
_STEP = "Step {k}: let $x_{k} = {k}$ and note that $\\frac{{{k}(x_{k}+1)}}{{2}}$ is what the sum adds, so we go on. "


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison."""

    gold: str
    response: str
    right: bool

    @property
    def reference(self) -> sample_pb2.Answer:
        """The gold answer with the type that is inferred from it."""
        return infer(self.gold, "")


def cases(number: int) -> Mapping[str, list[Case]]:
    """So many of each kind; a third of each is wrong. Long responses are a tenth of that."""
    return {
        "number": [_number(i) for i in range(number)],
        "expression": [_expression(i) for i in range(number)],
        "text": [_text(i) for i in range(number)],
        "long_response": [_long(i) for i in range(max(1, number // 10))],
    }


def _number(i: int) -> Case:
    right, value = i % 3 != 0, 1000 + 7 * i
    said = value if right else value + 1
    forms = (f"\\boxed{{{said}}}", f"The answer is {said:,}.", f"\\boxed{{\\frac{{{2 * said}}}{{2}}}}", f"{said}.0")
    return Case(str(value), forms[i % 4], right)


def _expression(i: int) -> Case:
    right, n = i % 3 != 0, i + 2
    pairs = (
        (f"x^2 + {n}x", f"x(x + {n if right else n + 1})"),
        (f"\\frac{{\\sqrt{{{n}}}}}{{{n}}}", f"\\frac{{1}}{{\\sqrt{{{n if right else n + 1}}}}}"),
        (f"\\sin(2x) + {n}", f"2\\sin x\\cos x + {n if right else n + 1}"),
        (f"e^{{{n}\\ln x}}", f"x^{{{n if right else n + 1}}}"),
    )
    gold, said = pairs[i % 4]
    return Case(gold, f"\\boxed{{{said}}}", right)


def _text(i: int) -> Case:
    right, name = i % 3 != 0, _NAMES[i % len(_NAMES)]
    said = name if right else _NAMES[(i + 1) % len(_NAMES)]
    return Case(name, f"The answer is **{said}**.", right)


def _long(i: int) -> Case:
    steps = "".join(_STEP.format(k=k) for k in range(_LONG_CHARS // len(_STEP)))
    case = _number(i)
    return Case(case.gold, f"{steps}\n\n{case.response}", case.right)
