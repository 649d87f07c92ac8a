"""Molar masses and formulas."""

import re
from collections import Counter

# Standard atomic weights in g/mol, rounded as school tables print them.
ATOMIC_WEIGHTS = {
    "H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Na": 22.990, "Mg": 24.305, "Al": 26.982,
    "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "Cr": 51.996, "Mn": 54.938, "Fe": 55.845,
    "Cu": 63.546, "Zn": 65.38, "Br": 79.904, "Ag": 107.868, "I": 126.904, "Pb": 207.2,
}  # fmt: skip

_PART = re.compile(r"([A-Z][a-z]?)(\d*)")


def atoms(formula: str) -> Counter[str]:
    """How many atoms of each element a formula without brackets has; KeyError for an element not in the table."""
    found: Counter[str] = Counter()
    for element, count in _PART.findall(formula):
        found[element] += int(count or 1)
    if unknown := found.keys() - ATOMIC_WEIGHTS.keys():
        raise KeyError(f"The element {sorted(unknown)[0]} is not in the table.")
    return found


def molar_mass(formula: str) -> float:
    """Molar mass in g/mol."""
    return sum(ATOMIC_WEIGHTS[element] * count for element, count in atoms(formula).items())
