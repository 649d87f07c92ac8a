"""Answers in a notation that says by itself how they compare, whatever their type: `O(n)`, `p ∧ q`, `7 (mod 10)`."""

import re

from chimera_verifier.domain.boolean import same_boolean
from chimera_verifier.domain.clock import read_time, same_time
from chimera_verifier.domain.congruence import same_classes
from chimera_verifier.domain.landau import same_class
from chimera_verifier.domain.outcomes import CORRECT, INCORRECT, NORMAL_FORM, Comparison, undecided
from chimera_verifier.domain.words import same_phrase

_COMPLEX = re.compile(r"[-+−0-9.,\s*/(){}√$]|\\(?:[dt]?frac|sqrt|cdot|left|right)|(?<=[-+−0-9)}\s])([ij])(?![A-Za-z])")


def one_imaginary(left: str, right: str) -> tuple[str, str]:
    """Both with `i`, where one is a complex number with `i` and the other one with `j`."""
    units = [{match[1] for match in _COMPLEX.finditer(text)} - {None} for text in (left, right)]
    whole = all(not _COMPLEX.sub("", text) for text in (left, right))
    if not whole or {*units[0], *units[1]} != {"i", "j"} or len(units[0]) != 1 or len(units[1]) != 1:
        return left, right
    return left.replace("j", "i"), right.replace("j", "i")


def by_notation(left: str, right: str) -> Comparison | None:
    """What a notation of its own says, whatever the type; None unless both answers are written in it."""
    if (same := same_phrase(left, right)) is not None:
        return _told(same, "What the phrases say is")
    growth, are_classes = same_class(left, right)
    if are_classes:
        return (
            _told(growth, "The rates of growth are") if growth is not None else undecided("The growth cannot be told.")
        )
    if (same := same_boolean(left, right)) is not None:
        return _told(same, "What the formulas say is")
    if (same := same_classes(left, right)) is not None:
        return _told(same, "The residues are")
    times = read_time(left), read_time(right)
    if times[0] and times[1] and (times[0].sure or times[1].sure):
        same = same_time(times[0], times[1])
        return _told(same, "The times are") if same is not None else undecided("One names no half of the day.")
    return None


def _told(same: bool, subject: str) -> Comparison:
    return Comparison(
        CORRECT if same else INCORRECT, NORMAL_FORM, f"{subject} {'the same' if same else 'not the same'}."
    )
