"""Residue classes, as `n ≡ 7 (mod 10)` and `n = 10k + 7` write them."""

import re
from dataclasses import dataclass

from chimera_verifier.domain.latex import tidy, unwrap

_MODULUS = r"(?:\\[bp]?mod|\(? ?\\?mod(?:ulo)?) ?\{? ?([0-9]{1,15}) ?\}? ?\)?"
_NAME = r"([A-Za-z])"
_CONGRUENT = re.compile(
    rf"(?:{_NAME} ?(?:≡|\\equiv|=) ?)?"
    rf"((?:[+-] ?)?[0-9]{{1,15}}(?: ?, ?(?:[+-] ?)?[0-9]{{1,15}}){{0,20}}) ?,? ?{_MODULUS}"
)
_LINEAR = re.compile(
    r"(?:([A-Za-z]) ?= ?)?(?:([0-9]{1,15}) ?\*? ?([A-Za-z])(?: ?([+-]) ?([0-9]{1,15}))?"
    r"|([+-]? ?[0-9]{1,15}) ?([+-]) ?([0-9]{1,15}) ?\*? ?([A-Za-z]))"
    r"(?:,? ?(?:where|for|with)? ?(?:all |any |some )?(?:integers? )?"
    r"\(?[A-Za-z](?: is an integer| ?∈ ?(?:ℤ|Z|\\mathbb ?\{? ?Z ?\}?))?\)?)?"
)


@dataclass(frozen=True, slots=True)
class Classes:
    """Residues of a modulus, and the name of what is in them, empty where none is given."""

    modulus: int
    residues: frozenset[int]
    name: str
    said: bool  # With a sign of congruence, not as a linear form.


def same_classes(reference: str, candidate: str) -> bool | None:
    """Whether both say the same of a number; None unless both are classes and one says so by a sign of congruence."""
    ours, theirs = _read(reference), _read(candidate)
    if ours is None or theirs is None or not (ours.said or theirs.said):
        return None
    if ours.name and theirs.name and ours.name != theirs.name:
        return None
    if ours.modulus != theirs.modulus and (len(ours.residues) > 1 or len(theirs.residues) > 1):
        return None
    return ours.modulus == theirs.modulus and ours.residues == theirs.residues


def _read(text: str) -> Classes | None:
    bare = unwrap(tidy(text)).strip(" .")
    if len(bare) > 200:
        return None
    if match := _CONGRUENT.fullmatch(bare):
        modulus = int(match[3])
        values = [int(value.replace(" ", "")) for value in match[2].split(",")]
        return (
            Classes(modulus, frozenset(value % modulus for value in values), match[1] or "", True) if modulus else None
        )
    match = _LINEAR.fullmatch(bare)
    if match is None or not match[1] or match[1] in (match[3], match[9]):
        return None
    if match[2]:
        modulus, residue = int(match[2]), int((match[4] or "+") + (match[5] or "0"))
    else:
        modulus, residue = int(match[8]), int(match[6].replace(" ", ""))
    return Classes(modulus, frozenset({residue % modulus}), match[1], False) if modulus else None
