"""Julian day numbers and month names."""

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_number(year: int, month: int, day: int, *, gregorian: bool) -> int:
    """The Julian day number of a date in the years 1 to 9999; ValueError for a date that the calendar lacks."""
    leap = year % 4 == 0 and (not gregorian or year % 100 != 0 or year % 400 == 0)
    if not 1 <= year <= 9999 or not 1 <= day <= _LENGTHS[month - 1] + (leap and month == 2):
        raise ValueError(f"{day} {MONTHS[month - 1]} {year} is not a date of the calendar.")
    shift = (14 - month) // 12
    y, m = year + 4800 - shift, month + 12 * shift - 3
    days = day + (153 * m + 2) // 5 + 365 * y + y // 4
    return days - y // 100 + y // 400 - 32045 if gregorian else days - 32083


def month_number(name: str) -> int:
    """1 for January."""
    return MONTHS.index(name) + 1


def date_of(number: int, *, gregorian: bool) -> tuple[int, int, int]:
    """Year, month and day of a Julian day number."""
    a = number + 32044 if gregorian else number + 32082
    century = (4 * a + 3) // 146097 if gregorian else 0
    c = a - 146097 * century // 4
    d = (4 * c + 3) // 1461
    e = c - 1461 * d // 4
    m = (5 * e + 2) // 153
    return 100 * century + d - 4800 + m // 10, m + 3 - 12 * (m // 10), e - (153 * m + 2) // 5 + 1
