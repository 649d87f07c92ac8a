"""Ideal gas in two connected states."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Annotated

from ...answers import measured, significant
from ...family import Family, Working, require
from ...notation import Number, one_of
from .masses import molar_mass

GAS_CONSTANT = 8.314  # J/(mol·K)
_GASES = {
    "nitrogen": "N2",
    "oxygen": "O2",
    "methane": "CH4",
    "carbon dioxide": "CO2",
    "ethane": "C2H6",
    "ammonia": "NH3",
}


@dataclass(frozen=True, slots=True)
class Cylinder:
    """Grams of a gas in litres at degrees Celsius; then grams are let out and it is heated."""

    gas: Annotated[str, one_of(tuple(_GASES))]
    grams: Number
    litres: Number
    released: Number
    celsius: Number


class Gases(Family[Cylinder]):
    """What remains, its amount, and the pressure by the ideal gas law."""

    instance = Cylinder
    wordings = (
        "A rigid cylinder of {litres} L holds {grams} g of {gas}. After {released} g have been let out, the cylinder "
        "is brought "
        "to {celsius} °C. Treating the gas as ideal, what is its pressure in kPa, to three significant figures?",
        "{grams} g of {gas} are filled into an evacuated vessel of {litres} L. Then {released} g escape through a "
        "leak, which "
        "is closed, and the temperature settles at {celsius} °C. Calculate the final pressure in kPa (ideal gas, three "
        "significant figures).",
        "From a steel bottle with a volume of {litres} L and a content of {grams} g of {gas}, a chemist withdraws "
        "{released} g "
        "and stores the bottle at {celsius} °C. Which pressure in kPa does the ideal gas law predict, to three "
        "significant "
        "figures?",
    )

    def draw(self, rng: Random) -> Cylinder:
        """Between one tenth and six tenths of the gas is let out."""
        grams = Decimal(rng.randint(200, 2400)) / 10
        released = (grams * rng.randint(10, 60) / 100).quantize(Decimal("0.1"))
        litres, celsius = Decimal(rng.randint(20, 500)) / 10, Decimal(rng.randint(-200, 1200)) / 10
        return Cylinder(rng.choice(list(_GASES)), grams, litres, released, celsius)

    def work(self, instance: Cylinder) -> Working:
        """pV = nRT with the remaining amount."""
        formula = _GASES[instance.gas]
        molar = molar_mass(formula)
        rest = float(instance.grams - instance.released)
        kelvin, litres = float(instance.celsius) + 273.15, float(instance.litres)
        require(rest > 0 and kelvin > 0 and litres > 0, "gas left at a positive temperature and volume")
        moles = rest / molar
        pressure = moles * GAS_CONSTANT * kelvin / litres
        return Working(
            answer=measured(pressure, "kPa"),
            plan="Only the gas that remains counts. I find its amount from the molar mass, convert the temperature "
            "to kelvin and "
            "use pV = nRT with R = 8.314 J/(mol·K), where J/L equals kPa.",
            steps=(
                f"Remaining mass: {instance.grams} - {instance.released} = {rest:.1f} g of {formula}.",
                f"Amount: M({formula}) = {molar:.3f} g/mol, so n = {rest:.1f}/{molar:.3f} = {significant(moles)} mol.",
                f"Temperature: T = {instance.celsius} + 273.15 = {kelvin:.2f} K.",
                f"Pressure: p = nRT/V = {significant(moles)}·8.314·{kelvin:.2f}/{instance.litres} = "
                f"{significant(pressure)} kPa.",
            ),
            checks=(
                f"The molar volume in this state is {significant(litres / moles)} L/mol. At 0 °C and 101.325 kPa it "
                f"would be "
                f"22.41 L/mol; scaling that with T and 1/p gives "
                f"22.41·({kelvin:.2f}/273.15)·(101.325/{significant(pressure)}) "
                f"= {significant(22.414 * kelvin / 273.15 * 101.325 / pressure)} L/mol, which agrees.",
                "The units agree too: mol·J/(mol·K)·K/L is J/L, and one joule per litre is one kilopascal.",
            ),
        )
