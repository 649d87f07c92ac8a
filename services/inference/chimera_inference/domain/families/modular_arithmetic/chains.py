"""What chains of operations modulo ten share."""

import operator
import re
from dataclasses import dataclass
from random import Random
from typing import Annotated, ClassVar

from ...answers import number
from ...family import Family, Working, require
from ...notation import Notation

Step = tuple[str, int]
Steps = tuple[Step, ...]

_OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_STEP = re.compile(r"([+*-])(\d)")


def _show(steps: Steps) -> str:
    return "".join(f"{sign}{digit}" for sign, digit in steps)


def _read(text: str) -> Steps:
    return tuple((sign, int(digit)) for sign, digit in _STEP.findall(text))


Operations = Annotated[Steps, Notation(r"(?:[+*-]\d){1,40}", _show, _read)]
Digit = Annotated[int, Notation(r"\d", str, int)]


@dataclass(frozen=True, slots=True)
class Chain:
    """A digit, and what is done to it from left to right."""

    start: Digit
    operations: Operations


class Chains(Family[Chain]):
    """One operation after the other, each on the residue of what came before."""

    instance = Chain
    terse = True
    length: ClassVar[int]
    """How many operations there are at most."""

    def draw(self, rng: Random) -> Chain:
        """Operands that change something: no 0, and no factor 1."""
        return Chain(rng.randrange(10), tuple(_step(rng) for _ in range(self.length)))

    def work(self, instance: Chain) -> Working:
        """Each result and its residue."""
        require(0 < len(instance.operations) <= self.length, f"up to {self.length} operations")
        digit, steps = instance.start, list[str]()
        for sign, operand in instance.operations:
            result = _OPERATIONS[sign](digit, operand)
            steps.append(f"{digit}{sign}{operand}={result}→{result % 10}")
            digit = result % 10
        return Working(number(digit), "", tuple(steps), ())

    def misread(self, instance: Chain, rng: Random) -> Chain:
        """One operation mistaken for another."""
        at = rng.randrange(len(instance.operations))
        operations = (*instance.operations[:at], _step(rng), *instance.operations[at + 1 :])
        return Chain(instance.start, operations)


def _step(rng: Random) -> Step:
    sign = rng.choice(tuple(_OPERATIONS))
    return sign, rng.randint(2 if sign == "*" else 1, 9)
