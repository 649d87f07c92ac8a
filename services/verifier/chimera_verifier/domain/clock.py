"""Times of day, with or without the half of the day."""

import re
from dataclasses import dataclass

from chimera_verifier.domain.latex import tidy, unwrap

_TIME = re.compile(
    r"(?:at )?([01]?[0-9]|2[0-4])(?: ?[:.h] ?([0-5][0-9])(?::([0-5][0-9]))?)?"
    r" ?(a\.? ?m\.?|p\.? ?m\.?|in the morning|in the afternoon|in the evening|noon|midnight|hours|hrs|uhr|o'clock)?",
    re.IGNORECASE,
)
_HALF_DAY = 12 * 3600
_NAMED = {"noon": _HALF_DAY, "midday": _HALF_DAY, "midnight": 0}


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds since midnight; without `sure` it may be twelve hours later."""

    seconds: int
    sure: bool


def read_time(text: str) -> Time | None:
    """Reads `3:30 PM`, `15:30`, `3 p.m.` and `noon`; None for everything else, also for a number alone."""
    bare = unwrap(tidy(text)).strip(" .")
    if bare.casefold() in _NAMED:
        return Time(_NAMED[bare.casefold()], sure=True)
    match = _TIME.fullmatch(bare) if len(bare) < 40 else None
    if match is None or not (match[2] or match[4]):
        return None
    hour, half = int(match[1]), (match[4] or "").casefold().replace(".", "").replace(" ", "")
    seconds = hour * 3600 + int(match[2] or 0) * 60 + int(match[3] or 0)
    if half in ("am", "pm", "inthemorning", "intheafternoon", "intheevening", "noon", "midnight"):
        if not 1 <= hour <= 12:
            return None
        late = half in ("pm", "intheafternoon", "intheevening", "noon")
        return Time(seconds % _HALF_DAY + (_HALF_DAY if late else 0), sure=True)
    sure = hour > 12 or hour == 0 or match[1].startswith("0")
    return Time(seconds % (2 * _HALF_DAY), sure)


def same_time(reference: Time, candidate: Time) -> bool | None:
    """None where only the half of the day is open."""
    if reference.sure and candidate.sure:
        return reference.seconds == candidate.seconds
    if reference.seconds % _HALF_DAY != candidate.seconds % _HALF_DAY:
        return False
    return True if reference == candidate else None
