"""Dates of the calendar and parts of them, in the spellings of several languages."""

import re
import unicodedata
from dataclasses import dataclass

_MONTHS = (
    "january jan januar januari janvier janv enero ene janeiro gennaio gen января январь stycznia ocak",
    "february feb februar februari fevrier fevr febrero fevereiro febbraio февраля февраль lutego subat",
    "march mar marz maerz maart mars marzo marco марта март marca mart",
    "april apr avril abril aprile апреля апрель kwietnia nisan",
    "may mai mei mayo maio maggio мая май maja mayis",
    "june jun juni juin junio junho giugno июня июнь czerwca haziran",
    "july jul juli juillet julio julho luglio июля июль lipca temmuz",
    "august aug aout agosto ago августа август sierpnia agustos augustus",
    "september sep sept septembre septiembre setembro settembre сентября сентябрь wrzesnia eylul",
    "october oct oktober okt octobre octubre outubro ottobre октября октябрь pazdziernika ekim",
    "november nov novembre noviembre novembro ноября ноябрь listopada kasim",
    "december dec dezember dez decembre diciembre dezembro dicembre декабря декабрь grudnia aralik",
)
_MONTH = {name: place for place, names in enumerate(_MONTHS, 1) for name in names.split()}
_WEEKDAY = re.compile(
    r"^(?:on )?(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?\.?,? |^(?:montag|dienstag|mittwoch|donnerstag"
    r"|freitag|samstag"
    r"|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miercoles|jueves|viernes|sabado"
    r"|domingo),? "
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:t[\d:.z+-]{4,20})?")
_ASIAN = re.compile(r"(?:(\d{1,4}) ?[年년])? ?(?:(\d{1,2}) ?[月월])? ?(?:(\d{1,2}) ?[日号일])?")
_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})")
_ERA = re.compile(
    r"\b(?:(bce|bc|b\.c\.e?\.?|v\. ?chr\.?|av\. ?j\.?-?c\.?|a\.c\.|до н\. ?э\.?)|ad|a\.d\.|ce|c\.e\."
    r"|n\. ?chr\.?|н\. ?э\.?)"
)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?")
_FILLER = frozenset(
    {"of", "the", "de", "del", "di", "den", "der", "am", "le", "in", "year", "do", "el", "г", "года", "anno", "on"}
)
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Date:
    """A day, a month or a year; years before the common era are negative."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


def read_dates(text: str) -> frozenset[Date]:
    """The dates that the text may mean: two for `03/04/2020`, none if it is no date."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    bare = unicodedata.normalize("NFC", " ".join(bare.replace("\u200e", "").split())).strip(" .$*\"'")
    bare = _WEEKDAY.sub("", bare)
    before = _ERA.search(bare)
    sign = -1 if before and before[1] else 1
    bare = _ERA.sub("", bare).strip(" ,.")
    if len(bare) > 60:
        return frozenset()
    if (match := _SLASHED.fullmatch(bare)) and sign == 1:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 0 if len(match[4]) == 4 else 2000 if year < 50 else 1900
        both = (
            (Date(year, second, first),) if match[2] == "." else (Date(year, second, first), Date(year, first, second))
        )
        return frozenset(date for date in both if _exists(date))
    date = _numeric(bare) or _worded(bare, before is not None)
    if date is None or not _exists(date):
        return frozenset()
    return frozenset({Date(date.year * sign if date.year is not None else None, date.month, date.day)})


def _numeric(text: str) -> Date | None:
    if match := _ISO.fullmatch(text):
        return Date(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    if (match := _ASIAN.fullmatch(text)) and any(match.groups()):
        return Date(*(int(group) if group else None for group in match.groups()))
    if re.fullmatch(r"\d{1,4}", text):
        return Date(int(text))
    return None


def _worded(text: str, has_era: bool) -> Date | None:
    words = [
        word.strip(".") for word in re.split(r"[ ,/-]+", text) if word.strip(".") and word.strip(".") not in _FILLER
    ]
    months = [word for word in words if word in _MONTH]
    rest = [word for word in words if word not in _MONTH]
    year = day = None
    if not months and len(rest) == 1 and re.fullmatch(r"[12]\d{3}", rest[0]):
        return Date(int(rest[0]))
    if len(months) != 1 or len(rest) > 2:
        return None
    if has_era and rest and rest[-1].isdecimal():
        year = int(rest.pop())
    for word in rest:
        if re.fullmatch(r"\d{3,4}", word) and year is None:
            year = int(word)
        elif (match := _ORDINAL.fullmatch(word)) and day is None:
            day = int(match[1])
        else:
            return None
    return Date(year, _MONTH[months[0]], day)


def _exists(date: Date) -> bool:
    if date.month is None:
        return date.day is None and date.year is not None
    if not 1 <= date.month <= 12:
        return False
    return date.day is None or 1 <= date.day <= _LENGTHS[date.month - 1]
