"""Current from a real battery into a series-parallel network."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from ...answers import measured, significant
from ...family import Family, Working, require
from ...notation import Int, Number


@dataclass(frozen=True, slots=True)
class Circuit:
    """Volts and internal ohms of the battery, a series resistor, and two parallel branches, one of two resistors."""

    volts: Number
    internal: Number
    series: Int
    branch: Int
    upper: Int
    lower: Int


class Circuits(Family[Circuit]):
    """Reduce the network, find the total current, divide it."""

    instance = Circuit
    wordings = (
        "A battery of emf {volts} V and internal resistance {internal} Ω feeds a {series} Ω resistor in series with "
        "two parallel "
        "branches: one is a {branch} Ω resistor, the other consists of {upper} Ω and {lower} Ω in series. What "
        "current, in mA "
        "to three significant figures, flows through the {branch} Ω branch?",
        "A source (emf {volts} V, internal resistance {internal} Ω) is connected to a resistor of {series} Ω "
        "followed by a "
        "parallel combination. Its first branch has {branch} Ω; its second branch has {upper} Ω and {lower} Ω one "
        "after the "
        "other. Find the current in the first branch in mA, to three significant figures.",
        "In a circuit the current of a cell with emf {volts} V and internal resistance {internal} Ω first passes "
        "{series} Ω and "
        "then splits into a branch of {branch} Ω and a branch with the series pair {upper} Ω, {lower} Ω. How many "
        "milliamperes "
        "pass the single-resistor branch (three significant figures)?",
    )

    def draw(self, rng: Random) -> Circuit:
        """Ordinary laboratory values."""
        volts, internal = Decimal(rng.randint(30, 240)) / 10, Decimal(rng.randint(2, 25)) / 10
        return Circuit(volts, internal, *(rng.randint(5, 220) for _ in range(4)))

    def work(self, instance: Circuit) -> Working:
        """Kirchhoff by reduction."""
        c = instance
        volts, internal = float(c.volts), float(c.internal)
        require(min(volts, c.series, c.branch, c.upper, c.lower) > 0 and internal >= 0, "positive values")
        pair = c.upper + c.lower
        parallel = c.branch * pair / (c.branch + pair)
        total = internal + c.series + parallel
        current = volts / total
        part = current * pair / (c.branch + pair)
        drop = current * parallel
        return Working(
            answer=measured(part * 1000, "mA"),
            plan="I reduce the network to one resistance, get the battery's current from Ohm's law, and divide it "
            "between the "
            "parallel branches in inverse proportion to their resistances.",
            steps=(
                f"The series pair has {c.upper} + {c.lower} = {pair} Ω.",
                f"In parallel with {c.branch} Ω this is {c.branch}·{pair}/({c.branch} + {pair}) = "
                f"{significant(parallel)} Ω.",
                f"The whole circuit has {c.internal} + {c.series} + {significant(parallel)} = {significant(total)} "
                f"Ω, so the "
                f"battery delivers {c.volts}/{significant(total)} = {significant(current)} A.",
                f"The {c.branch} Ω branch takes the share {pair}/({c.branch} + {pair}), hence {significant(part)} A = "
                f"{significant(part * 1000)} mA.",
            ),
            checks=(
                f"Loop rule: the drops are {significant(current * internal)} V inside the battery, "
                f"{significant(current * c.series)} V across {c.series} Ω and {significant(drop)} V across the "
                f"parallel part, "
                f"together {significant(current * (internal + c.series) + drop)} V, which is the emf.",
                f"Node rule: the other branch carries {significant(drop)}/{pair} = {significant(drop / pair)} A, and "
                f"{significant(part)} + {significant(drop / pair)} A is the battery's current.",
            ),
        )
