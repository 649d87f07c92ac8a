"""Mass of a product when one reactant runs out."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Annotated

from ...answers import measured, significant
from ...family import Family, Working, require
from ...notation import Formula, Number, one_of
from .masses import molar_mass

# Equation, coefficients and formulas of the two reactants and the product asked for.
_REACTIONS: dict[str, tuple[tuple[int, str], tuple[int, str], tuple[int, str]]] = {
    "N2 + 3 H2 → 2 NH3": ((1, "N2"), (3, "H2"), (2, "NH3")),
    "4 Al + 3 O2 → 2 Al2O3": ((4, "Al"), (3, "O2"), (2, "Al2O3")),
    "Fe2O3 + 3 CO → 2 Fe + 3 CO2": ((1, "Fe2O3"), (3, "CO"), (2, "Fe")),
    "2 Al + Fe2O3 → Al2O3 + 2 Fe": ((2, "Al"), (1, "Fe2O3"), (2, "Fe")),
    "C3H8 + 5 O2 → 3 CO2 + 4 H2O": ((1, "C3H8"), (5, "O2"), (3, "CO2")),
    "2 C4H10 + 13 O2 → 8 CO2 + 10 H2O": ((2, "C4H10"), (13, "O2"), (10, "H2O")),
    "4 NH3 + 5 O2 → 4 NO + 6 H2O": ((4, "NH3"), (5, "O2"), (4, "NO")),
    "2 Na + Cl2 → 2 NaCl": ((2, "Na"), (1, "Cl2"), (2, "NaCl")),
    "P4 + 10 Cl2 → 4 PCl5": ((1, "P4"), (10, "Cl2"), (4, "PCl5")),
    "3 Mg + N2 → Mg3N2": ((3, "Mg"), (1, "N2"), (1, "Mg3N2")),
    "2 H2S + SO2 → 3 S + 2 H2O": ((2, "H2S"), (1, "SO2"), (3, "S")),
    "C2H5OH + 3 O2 → 2 CO2 + 3 H2O": ((1, "C2H5OH"), (3, "O2"), (2, "CO2")),
}


@dataclass(frozen=True, slots=True)
class Mixture:
    """An equation, the product asked for, grams of its first and second reactant, and the yield in percent."""

    equation: Annotated[str, one_of(tuple(_REACTIONS))]
    product: Formula
    first: Number
    second: Number
    percent: Number


class LimitingReagents(Family[Mixture]):
    """Amounts, the smaller extent of reaction, theoretical yield, actual yield."""

    instance = Mixture
    wordings = (
        "Consider the reaction {equation}. A mixture of {first} g of the first reactant and {second} g of the second "
        "(in the "
        "order of the equation) reacts with a yield of {percent} %. What mass of {product}, in grams to three "
        "significant "
        "figures, is obtained?",
        "A reactor is charged with the two reactants of {equation}: {first} g of the one written first and {second} "
        "g of the "
        "one written second. If the reaction runs with {percent} % yield, how many grams of {product} are isolated "
        "(three "
        "significant figures)?",
        "In a preparation according to {equation}, {first} g and {second} g of the reactants are weighed in, in the "
        "order "
        "in which the equation names them. The percentage yield of {product} is {percent} %. Calculate its mass in "
        "grams to "
        "three significant figures.",
    )

    def draw(self, rng: Random) -> Mixture:
        """Close to the stoichiometric ratio, so that the limiting reactant is not obvious."""
        equation = rng.choice(list(_REACTIONS))
        (a, left), (b, right), (_, product) = _REACTIONS[equation]
        extent = rng.uniform(0.2, 4.0)
        ratio = rng.choice((rng.uniform(0.6, 0.92), rng.uniform(1.08, 1.6)))
        first, second = a * extent * molar_mass(left), b * extent * ratio * molar_mass(right)
        grams = (Decimal(f"{first:.1f}"), Decimal(f"{second:.1f}"))
        return Mixture(equation, product, *grams, Decimal(rng.randint(620, 980)) / 10)

    def work(self, instance: Mixture) -> Working:
        """Divides each amount by its coefficient; the smaller quotient limits."""
        (a, left), (b, right), (c, product) = _REACTIONS[instance.equation]
        masses = [molar_mass(formula) for formula in (left, right, product)]
        grams = (float(instance.first), float(instance.second))
        share = float(instance.percent) / 100
        require(instance.product == product, "the product that this family knows")
        require(min(grams) > 0 and 0 < share <= 1, "positive masses and a yield up to 100 %")
        moles = [mass / molar for mass, molar in zip(grams, masses, strict=False)]
        extents = (moles[0] / a, moles[1] / b)
        limiting, excess = (left, right) if extents[0] < extents[1] else (right, left)
        extent = min(extents)
        theory = extent * c * masses[2]
        rest = abs(extents[0] - extents[1]) * (b if limiting == left else a)
        return Working(
            answer=measured(theory * share, "g"),
            plan="I convert both masses to amounts, divide each by its stoichiometric coefficient to see which "
            "reactant limits, "
            "compute the theoretical yield from that one, and scale by the percentage yield.",
            steps=(
                f"Molar masses: M({left}) = {masses[0]:.3f} g/mol, M({right}) = {masses[1]:.3f} g/mol, M({product}) = "
                f"{masses[2]:.3f} g/mol.",
                f"Amounts: n({left}) = {instance.first}/{masses[0]:.3f} = {significant(moles[0])} mol and n({right}) = "
                f"{instance.second}/{masses[1]:.3f} = {significant(moles[1])} mol.",
                f"Divided by the coefficients: {significant(extents[0])} for {left} and {significant(extents[1])} for "
                f"{right}. The smaller one belongs to {limiting}, so {limiting} limits and {excess} is in excess.",
                f"Theoretical yield: {significant(extent)}·{c} mol of {product}, that is {significant(extent * c)} "
                f"mol × "
                f"{masses[2]:.3f} g/mol = {significant(theory)} g.",
                f"Actual yield: {significant(theory)} g × {instance.percent}/100 = {significant(theory * share)} g.",
            ),
            checks=(
                f"If instead {excess} were used up, {significant(max(extents))} > {significant(extent)} times the "
                f"equation "
                f"would have to run, for which there is not enough {limiting}; about {significant(rest, 3)} mol of "
                f"{excess} "
                "would remain at full conversion.",
                f"The mass obtained is below the total mass of {significant(sum(grams))} g put in, as conservation "
                f"of mass "
                "demands.",
            ),
        )
