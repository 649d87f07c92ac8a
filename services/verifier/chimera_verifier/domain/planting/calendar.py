"""Dates as they are written."""

import re
from datetime import date

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2}) ([A-Za-z]+),? ([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]+) ([0-9]{1,2}), ([0-9]{4})")


def read_date(text: str) -> date | None:
    """Reads `1789-07-14`, `14 July 1789` and `July 14, 1789`; None for everything else."""
    bare = text.strip()
    if match := _ISO.fullmatch(bare):
        year, month, day = map(int, match.groups())
    elif match := _DAY_FIRST.fullmatch(bare):
        year, month, day = int(match[3]), _month(match[2]), int(match[1])
    elif match := _MONTH_FIRST.fullmatch(bare):
        year, month, day = int(match[3]), _month(match[1]), int(match[2])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def spellings(day: date) -> list[str]:
    """The ways in which `read_date` reads that day."""
    month = MONTHS[day.month - 1]
    return [day.isoformat(), f"{day.day} {month} {day.year:04d}", f"{month} {day.day}, {day.year:04d}"]


def _month(name: str) -> int:
    return MONTHS.index(name.capitalize()) + 1 if name.capitalize() in MONTHS else 0
