"""What speaks for and against two statements being the same problem, apart from how they sound."""

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

from chimera_verifier.domain.likeness import formulas
from chimera_verifier.domain.likeness.concepts import ASK, BOUND, FORM, IMPLIED, MODE, NAME, SIDES, THING, class_of
from chimera_verifier.domain.likeness.language import function_words
from chimera_verifier.domain.likeness.names import GIVEN_NAMES
from chimera_verifier.domain.likeness.reading import NUMBER, Reading

_COMMON_NUMBERS = frozenset({"0", "1"})
"""Numbers that a wording may bring along."""
_CRITICAL = frozenset({ASK, MODE, FORM, BOUND})
_ROUND_NUMBERS = frozenset({"10", "99", "100", "999", "1000", "9999"})
"""What `of three digits` may be said by."""
_FEW_WORDS = 5
"""So few say nothing by themselves; the signs of formulas are compared with them."""
_STEM_CHARS = 5
_MAX_COMPARED = 400
_IDLE = frozenset(
    {"value", "values", "possible", "number", "numbers", "please", "whose", "exact", "following", "given"}
)
"""Words that a wording may bring along."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the numbers of two statements differ."""

    changed: bool
    """Each has some that the other lacks, in their order where the wording is the same."""
    dropped: bool
    """One has some that the other lacks."""
    shared: int
    """How many telling ones they have in common."""


def numbers(left: Reading, right: Reading) -> Numbers:
    """How the numbers differ; those in words may be left out."""
    ours, theirs = set(left.numbers), set(right.numbers)
    our_words, their_words = set(left.spelled), set(right.spelled)
    more, fewer = ours - theirs - their_words, theirs - ours - our_words
    if left.language != right.language:  # `1,234` is a decimal here and a thousand there.
        more, fewer = _apart(more, fewer), _apart(fewer, more)
    changed = bool(more and fewer) or _repeated_otherwise(left.numbers, right.numbers)
    common = _COMMON_NUMBERS | (_ROUND_NUMBERS if "digit" in left.concepts | right.concepts else frozenset())
    more, fewer = more - common, fewer - common
    words = bool(our_words - theirs - their_words) and bool(their_words - ours - our_words)
    everything = (ours | our_words) & (theirs | their_words)
    return Numbers(changed or words, bool(more or fewer), len(everything - _COMMON_NUMBERS))


def _repeated_otherwise(ours: list[str], theirs: list[str]) -> bool:
    """Whether the same numbers stand so much more or less often that they cannot be the same data."""
    if ours == theirs:
        return False
    left, right = Counter(ours), Counter(theirs)
    return min((left - right).total(), (right - left).total()) > 1


def given_otherwise(left: Reading, right: Reading) -> bool:
    """Whether each gives strings or lists, as they stand, that the other does not give."""
    ours = {literal for literal in left.literals if literal not in right.text.casefold()}
    theirs = {literal for literal in right.literals if literal not in left.text.casefold()}
    if ours and theirs:
        return True
    more, fewer = left.lists - right.lists, right.lists - left.lists
    return bool(more and fewer) and not any(_holds(one, other) for one in more for other in fewer)


def _holds(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    short, long = sorted((" ".join(one), " ".join(other)), key=len)
    return short in long


def _apart(some: set[str], others: set[str]) -> set[str]:
    return {n for n in some if n.replace(".", "") not in {other.replace(".", "") for other in others}}


def counts_differ(left: Reading, right: Reading) -> bool:
    """Whether one has more numbers than it would have if it were the other with other numbers."""
    ours, theirs = (len(r.numbers) + len(r.spelled) for r in (left, right))
    return abs(ours - theirs) > 1 and not (left.lists and right.lists)


def asked_otherwise(left: Reading, right: Reading) -> bool:
    """Whether each asks for a quantity that the other does not ask for, in whatever words."""
    return bool(_asked_only(left, right) and _asked_only(right, left))


def _asked_only(one: Reading, other: Reading) -> set[str]:
    implied = {concept for asked in other.asked for concept in IMPLIED.get(asked, ())}
    return {
        concept
        for concept in one.asked - other.asked - implied
        if not IMPLIED.get(concept) or not IMPLIED[concept] <= other.asked | other.concepts.keys()
    }


def asked_in_part(left: Reading, right: Reading) -> bool:
    """Whether, in one language, one asks for a quantity that the other does not ask for."""
    return left.language == right.language and any(class_of(concept) == ASK for concept in left.asked ^ right.asked)


def meant_otherwise(left: Reading, right: Reading) -> bool:
    """Whether each speaks of a mode or an object that the other does not speak of, or bounds something otherwise."""
    ours, theirs = ({SIDES[c] for c in r.concepts if c in SIDES} for r in (left, right))
    if ours and theirs and not ours & theirs:
        return True
    return bool(_only(left, right) and _only(right, left))


def _only(one: Reading, other: Reading) -> set[str]:
    implied = {concept for known in other.concepts for concept in IMPLIED.get(known, ())}
    return {c for c in one.concepts if class_of(c) in (MODE, FORM) and c not in other.concepts and c not in implied}


def critical_difference(left: Reading, right: Reading) -> bool:
    """Whether one speaks of a quantity, a mode, a bound or an object that the other does not speak of."""
    ours, theirs = ({SIDES.get(c, c) for c in r.concepts if class_of(c) in _CRITICAL} for r in (left, right))
    return ours != theirs


def roles_swapped(left: Reading, right: Reading) -> bool:
    """Whether what one counts is given in the other and the other way about: `how many workers`, `how many days`."""
    return counted_otherwise(left, right) and left.counted in right.words and right.counted in left.words


def counted_otherwise(left: Reading, right: Reading) -> bool:
    """Whether, in one language, both count something, and not the same."""
    if left.language != right.language or not left.counted or not right.counted:
        return False
    return left.counted[:_STEM_CHARS] != right.counted[:_STEM_CHARS]


def things_swapped(left: Reading, right: Reading) -> bool:
    """Whether each story is told of something that the other is not told of."""
    ours, theirs = ({c for c in r.concepts if class_of(c) == THING} for r in (left, right))
    return bool(ours - theirs and theirs - ours)


def named_otherwise(left: Reading, right: Reading) -> bool:
    """Whether each speaks of a person, a colour or the like that the other does not speak of."""
    ours, theirs = ({c for c in r.concepts if class_of(c) == NAME} for r in (left, right))
    if ours - theirs and theirs - ours:
        return True
    if left.alphabet != right.alphabet:
        return False
    alike = left.language == right.language  # Other names, of places and months, are translated.
    mine, other = (r.names if alike else r.names & GIVEN_NAMES for r in (left, right))
    return bool(mine and other) and not mine & other


def formula_difference(left: Reading, right: Reading) -> str:
    """`numbers`, `names`, `other` or nothing."""
    return formulas.difference(left.formulas, right.formulas)


def concept_overlap(left: Reading, right: Reading) -> float:
    """The share of concepts that both speak of; a half if one is in a language whose words are not known."""
    if not left.concepts or not right.concepts:
        return 0.5 if left.concepts or right.concepts else 0.3
    common = sum(min(count, right.concepts[concept]) for concept, count in left.concepts.items())
    return common / (left.concepts.total() + right.concepts.total() - common)


@dataclass(frozen=True, slots=True)
class Edit:
    """What would have to be done to one wording to get the other."""

    sameness: float
    """From 0 to 1, of the words that carry something."""
    renamed: tuple[tuple[str, str], ...] | None
    """Words in whose place the other statement has another word, if that is all; None if it is not."""
    ours: int
    """How many words that carry something the first has and the second has not, in no place."""
    theirs: int
    """And the other way about."""


def edit(left: Reading, right: Reading) -> Edit:
    """Compare two wordings of one language word by word."""
    idle = function_words(left.language) | _IDLE
    ours, theirs = ([w for w in r.template if w not in idle][:_MAX_COMPARED] for r in (left, right))
    said, heard = ([w for w in words if len(w) > 1 or w == NUMBER] for words in (ours, theirs))
    few = min(len(said), len(heard)) < _FEW_WORDS
    sameness = SequenceMatcher(None, *((ours, theirs) if few else (said, heard)), autojunk=False).ratio()
    lost, new = Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours)
    return Edit(
        sameness,
        _renamed(left.template[:_MAX_COMPARED], right.template[:_MAX_COMPARED], idle),
        _unexplained(lost, left, right),
        _unexplained(new, right, left),
    )


def _renamed(ours: list[str], theirs: list[str], idle: frozenset[str]) -> tuple[tuple[str, str], ...] | None:
    pairs: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind != "equal" and b - a != d - c and not idle.issuperset((*ours[a:b], *theirs[c:d])):
            return None
        if kind == "replace" and b - a == d - c:
            pairs += zip(ours[a:b], theirs[c:d], strict=True)
    slots = dict.fromkeys(pair for pair in pairs if not idle.issuperset(pair))
    whole = all(word.isalpha() and word not in idle for pair in slots for word in pair if NUMBER not in pair)
    return tuple(slots) if whole else None


def _unexplained(words: Counter[str], mine: Reading, other: Reading) -> int:
    """How many of these words stand for nothing that the other statement speaks of too."""
    return sum(
        word.isalpha() and not any(concept in other.concepts for concept in mine.concepts_in([word])) for word in words
    )


def critical(word: str, reading: Reading) -> str:
    """The quantity, mode or object that a word stands for; empty if none."""
    return next((c for c in reading.concepts_in([word]) if class_of(c) in (ASK, MODE, FORM)), "")
