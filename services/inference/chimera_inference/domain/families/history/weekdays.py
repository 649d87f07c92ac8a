"""The weekday of a date in the Julian or Gregorian calendar."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import LETTERS, Answer
from ...family import Family, Working, require
from ...notation import Choices, Int, one_of
from .calendars import MONTHS, WEEKDAYS, date_of, day_number, month_number


@dataclass(frozen=True, slots=True)
class Day:
    """A date, its calendar and weekdays to choose from."""

    day: Int
    month: Annotated[str, one_of(MONTHS)]
    year: Int
    calendar: Annotated[str, one_of(("Julian", "Gregorian"))]
    choices: Choices


class Weekdays(Family[Day]):
    """Julian day number modulo seven."""

    instance = Day
    wordings = (
        "A chronicle reports a battle on {day} {month} {year} ({calendar} calendar). On which day of the week was it "
        "fought?{choices}",
        "A charter is dated {day} {month} {year} in the {calendar} calendar, with the year beginning on 1 January. "
        "To test whether it is "
        "genuine, determine the weekday of that date.{choices}",
        "According to a parish register a wedding took place on {day} {month} {year}; the register uses the "
        "{calendar} calendar. Which "
        "weekday was that?{choices}",
    )

    def draw(self, rng: Random) -> Day:
        """Julian dates from the year 800, Gregorian ones from 1583."""
        gregorian = rng.random() < 0.5
        first = day_number(1583, 1, 1, gregorian=True) if gregorian else day_number(800, 1, 1, gregorian=False)
        number = rng.randint(first, day_number(1899, 12, 31, gregorian=True))
        year, month, day = date_of(number, gregorian=gregorian)
        others = [name for name in WEEKDAYS if name != WEEKDAYS[number % 7]]
        options = [WEEKDAYS[number % 7], *rng.sample(others, 4)]
        rng.shuffle(options)
        return Day(day, MONTHS[month - 1], year, "Gregorian" if gregorian else "Julian", tuple(options))

    def work(self, instance: Day) -> Working:
        """Day number, remainder, weekday, letter; the check counts from the beginning of the year."""
        gregorian = instance.calendar == "Gregorian"
        number = day_number(instance.year, month_number(instance.month), instance.day, gregorian=gregorian)
        new_year = day_number(instance.year, 1, 1, gregorian=gregorian)
        weekday = WEEKDAYS[number % 7]
        require(instance.choices.count(weekday) == 1, "the right weekday among the options")
        letter = LETTERS[instance.choices.index(weekday)]
        return Working(
            answer=Answer("choice", letter, choices=instance.choices),
            plan="The week has run on without interruption through all calendar reforms, so the Julian day number of "
            "the date modulo "
            "seven decides: remainder 0 is a Monday.",
            steps=(
                f"In the {instance.calendar} calendar, {instance.day} {instance.month} {instance.year} has the "
                f"Julian day number "
                f"{number}.",
                f"Dividing by seven, {number} = 7·{number // 7} + {number % 7}.",
                f"Remainder {number % 7}, counted from Monday as 0, is {weekday}.",
                f"{weekday} is option {letter}.",
            ),
            checks=(
                f"1 January {instance.year} has the day number {new_year} and was a {WEEKDAYS[new_year % 7]}. The "
                f"date is "
                f"{number - new_year} days later, that is {(number - new_year) // 7} weeks and "
                f"{(number - new_year) % 7} days, which "
                f"leads from {WEEKDAYS[new_year % 7]} to {weekday}.",
                f"Exactly one week earlier, day number {number - 7} leaves the same remainder {(number - 7) % 7}.",
            ),
        )
