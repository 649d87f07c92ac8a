"""Empirical formulas from combustion analysis."""

from dataclasses import dataclass
from decimal import Decimal
from math import gcd
from random import Random

from ...answers import Answer, significant
from ...family import Family, Working, require
from ...notation import Number
from .masses import ATOMIC_WEIGHTS, molar_mass

# The atomic ratios must come this near to whole numbers.
_NEAR_WHOLE = 0.02
_LARGEST_MULTIPLIER = 8


@dataclass(frozen=True, slots=True)
class Combustion:
    """Grams of sample, of carbon dioxide and of water."""

    sample: Number
    dioxide: Number
    water: Number


class EmpiricalFormulas(Family[Combustion]):
    """Carbon from CO2, hydrogen from H2O, oxygen as the rest."""

    instance = Combustion
    wordings = (
        "Complete combustion of {sample} g of a compound of carbon, hydrogen and oxygen gives {dioxide} g of CO2 and "
        "{water} g "
        "of H2O. Determine its empirical formula, written in the order C, H, O.",
        "An organic substance contains only C, H and O. Burning {sample} g of it in excess oxygen yields {dioxide} g "
        "of carbon "
        "dioxide and {water} g of water. What is its empirical formula (elements in the order C, H, O)?",
        "In a combustion analysis, {sample} g of an unknown containing carbon, hydrogen and oxygen only produced "
        "{dioxide} g of "
        "CO2 and {water} g of H2O. Give the empirical formula of the unknown in the order C, H, O.",
    )

    def draw(self, rng: Random) -> Combustion:
        """A formula with coprime counts and a sample of a few grams."""
        while True:
            c, h, o = rng.randint(1, 8), rng.randint(1, 16), rng.randint(1, 5)
            if gcd(gcd(c, h), o) == 1 and h <= 2 * c + 2 and h % 2 == 0:
                break
        sample = Decimal(rng.randint(10000, 90000)) / 10000
        moles = float(sample) / _molar(c, h, o)
        dioxide, water = moles * c * molar_mass("CO2"), moles * h / 2 * molar_mass("H2O")
        return Combustion(sample, Decimal(f"{dioxide:.4f}"), Decimal(f"{water:.4f}"))

    def work(self, instance: Combustion) -> Working:
        """Amounts, ratio to the smallest, whole numbers."""
        sample = float(instance.sample)
        carbon = float(instance.dioxide) / molar_mass("CO2")
        hydrogen = 2 * float(instance.water) / molar_mass("H2O")
        rest = sample - carbon * ATOMIC_WEIGHTS["C"] - hydrogen * ATOMIC_WEIGHTS["H"]
        require(min(carbon, hydrogen, rest) > 0, "all three elements")
        amounts = (carbon, hydrogen, rest / ATOMIC_WEIGHTS["O"])
        smallest = min(amounts)
        ratios = [n / smallest for n in amounts]
        k = next((k for k in range(1, _LARGEST_MULTIPLIER + 1) if all(_near(r * k) for r in ratios)), 0)
        require(k > 0, "small whole numbers")
        c, h, o = (round(r * k) for r in ratios)
        require(h <= 2 * c + 2, "a hydrogen count that carbon can bind")
        formula = "".join(e + (str(n) if n > 1 else "") for e, n in (("C", c), ("H", h), ("O", o)))
        shown = [f"{r:.3f}" for r in ratios]
        percent = 100 * c * ATOMIC_WEIGHTS["C"] / _molar(c, h, o)
        return Working(
            answer=Answer("text", formula),
            plan="All carbon ends up in CO2 and all hydrogen in H2O, so their amounts follow from the products. "
            "Oxygen is what "
            "is missing from the sample's mass. The ratio of the amounts gives the formula.",
            steps=(
                f"Carbon: n(C) = n(CO2) = {instance.dioxide}/44.009 = {significant(carbon)} mol, mass "
                f"{significant(carbon * 12.011)} g.",
                f"Hydrogen: n(H) = 2·n(H2O) = 2·{instance.water}/18.015 = {significant(hydrogen)} mol, mass "
                f"{significant(hydrogen * 1.008)} g.",
                f"Oxygen: the remaining mass is {significant(rest)} g, so n(O) = {significant(amounts[2])} mol.",
                f"Dividing by the smallest amount gives C : H : O = {' : '.join(shown)}; multiplying by {k} brings "
                f"this to "
                f"{c} : {h} : {o}, that is {formula}.",
            ),
            checks=(
                f"{formula} contains 100·{c}·12.011/{_molar(c, h, o):.3f} = {significant(percent)} % carbon by mass; "
                f"the "
                f"measured value is {significant(100 * carbon * 12.011 / sample)} %.",
                f"The three counts {c}, {h} and {o} have no common divisor, so the formula is in lowest terms.",
            ),
        )


def _molar(c: int, h: int, o: int) -> float:
    return c * ATOMIC_WEIGHTS["C"] + h * ATOMIC_WEIGHTS["H"] + o * ATOMIC_WEIGHTS["O"]


def _near(value: float) -> bool:
    return abs(value - round(value)) < _NEAR_WHOLE
