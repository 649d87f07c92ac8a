"""Numbers as readers of a report see them."""

import math

NANOUSD_PER_USD = 1_000_000_000
SMALLEST_USD = 0.000_001


def share(part: float, whole: float) -> str:
    """`90.9 %`; a dash of nothing."""
    return percent(part / whole) if whole else "–"


def percent(ratio: float) -> str:
    """`90.9 %`."""
    return f"{100 * ratio:.1f} %"


def ratio(value: float | None) -> str:
    """`0.83`; a dash if it is not known."""
    return "–" if value is None else f"{value:.2f}"


def usd(nanousd: float) -> str:
    """`$1.20`, `$0.0042`; two digits that say something of what is less than a dollar."""
    dollars = nanousd / NANOUSD_PER_USD
    if dollars == 0 or dollars >= 1:
        return f"${dollars:,.2f}"
    if dollars < SMALLEST_USD:
        return f"<${SMALLEST_USD:f}"
    digits = 1 - math.floor(math.log10(dollars))
    return f"${dollars:.{digits}f}"


def whole(number: float) -> str:
    """`12,345`."""
    return f"{number:,.0f}"


def counted(number: int, noun: str) -> str:
    """`1 sample`, `1,200 samples`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
