"""Days between an Old Style and a New Style date."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, one_of
from .calendars import MONTHS, date_of, day_number, month_number

Month = Annotated[str, one_of(MONTHS)]
_CITIES = (
    "London",
    "Moscow",
    "Stockholm",
    "Bergen",
    "Athens",
    "Edinburgh",
    "Riga",
    "Saint Petersburg",
    "Sofia",
    "Bucharest",
)
_GREGORIAN_CITIES = ("Paris", "Vienna", "Rome", "Madrid", "Venice", "Lisbon", "Brussels", "Milan", "Munich", "Naples")


@dataclass(frozen=True, slots=True)
class Letter:
    """Sent by the Julian calendar, received by the Gregorian one."""

    sender: Annotated[str, one_of(_CITIES)]
    receiver: Annotated[str, one_of(_GREGORIAN_CITIES)]
    sent_day: Int
    sent_month: Month
    sent_year: Int
    day: Int
    month: Month
    year: Int


class Letters(Family[Letter]):
    """Convert one date into the other calendar, then count."""

    instance = Letter
    wordings = (
        "A letter written in {sender} is dated {sent_day} {sent_month} {sent_year} by the Julian calendar. A clerk "
        "in {receiver} notes "
        "its receipt on {day} {month} {year} by the Gregorian calendar. How many days after it was written was it "
        "received?",
        "An envoy's report from {sender} bears the date {sent_day} {sent_month} {sent_year} (Old Style, Julian, the "
        "year beginning on 1 "
        "January); the archive in {receiver} registered it on {day} {month} {year} (New Style, Gregorian). Compute "
        "the number of days "
        "between the two days.",
        "By the Julian calendar a merchant left {sender} on {sent_day} {sent_month} {sent_year}; by the Gregorian "
        "calendar he entered "
        "{receiver} on {day} {month} {year}. How many days lie between departure and arrival?",
    )

    def draw(self, rng: Random) -> Letter:
        """Between the reform of 1582 and 1900; ten to two hundred days under way."""
        start = rng.randint(day_number(1583, 1, 1, gregorian=True), day_number(1900, 1, 1, gregorian=True))
        y1, m1, d1 = date_of(start, gregorian=False)
        y2, m2, d2 = date_of(start + rng.randint(10, 200), gregorian=True)
        ends = rng.choice(_CITIES), rng.choice(_GREGORIAN_CITIES)
        return Letter(*ends, d1, MONTHS[m1 - 1], y1, d2, MONTHS[m2 - 1], y2)

    def work(self, instance: Letter) -> Working:
        """Julian day numbers of both dates; the check converts the first into the other calendar."""
        s = instance
        m1, m2 = month_number(s.sent_month), month_number(s.month)
        start = day_number(s.sent_year, m1, s.sent_day, gregorian=False)
        end = day_number(s.year, m2, s.day, gregorian=True)
        days = end - start
        require(0 < days < 2000, "a receipt within a few years of sending")
        y, m, d = date_of(start, gregorian=True)
        first = day_number(s.year, m2, 1, gregorian=True)
        gap = day_number(s.sent_year, m1, s.sent_day, gregorian=True)
        return Working(
            answer=number(days),
            plan="The two dates belong to different calendars, so subtracting them directly would be wrong. I "
            "translate both into "
            "Julian day numbers, which count days without months, and subtract.",
            steps=(
                f"{s.sent_day} {s.sent_month} {s.sent_year} in the Julian calendar has the Julian day number {start}.",
                f"The same day is {d} {MONTHS[m - 1]} {y} in the Gregorian calendar: at that time the Gregorian "
                f"calendar is "
                f"{start - gap} days ahead.",
                f"{s.day} {s.month} {s.year} in the Gregorian calendar has the Julian day number {end}.",
                f"The difference is {end} - {start} = {days} days.",
            ),
            checks=(
                f"Counting within the Gregorian calendar: from {d} {MONTHS[m - 1]} {y} to the first of {s.month} "
                f"{s.year} there are {first - start} days, and from there to {s.day} {s.month} there are "
                f"{end - first}; "
                f"together {days}.",
                f"Ignoring the calendars would give {end - gap} days, which is off by exactly the {start - gap} days "
                f"between them.",
            ),
        )
