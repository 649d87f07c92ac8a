"""Feet of a scanned line, as a choice question."""

from dataclasses import dataclass
from random import Random

from ...answers import LETTERS, Answer
from ...family import Family, Working, require
from ...notation import Choices, Marks

_FEET = {("x", "/"): "iamb", ("/", "x"): "trochee", ("/", "/"): "spondee", ("x", "x"): "pyrrhic"}
_LENGTHS = {3: "trimeter", 4: "tetrameter", 5: "pentameter", 6: "hexameter", 7: "heptameter"}


@dataclass(frozen=True, slots=True)
class Line:
    """Stress marks of the syllables, and sequences of feet to choose from."""

    marks: Marks
    choices: Choices


class Scansion(Family[Line]):
    """Pair the syllables and name each pair."""

    instance = Line
    wordings = (
        "A line of verse is scanned as {marks}, where x is an unstressed and / a stressed syllable. Divided into "
        "feet of two "
        "syllables each, which sequence of feet does it have?{choices}",
        "An editor marks the syllables of a line {marks} (x for weak, / for strong). If every foot has exactly two "
        "syllables, which "
        "of the following names its feet in order?{choices}",
        "In the scansion {marks} each x stands for an unstressed and each / for a stressed syllable. The line is "
        "made of disyllabic "
        "feet only. Choose the correct analysis.{choices}",
    )

    def draw(self, rng: Random) -> Line:
        """A mostly iambic or trochaic line with substitutions, and three near misses."""
        kinds = list(_FEET)
        base = rng.choice(kinds[:2])
        feet = [base if rng.random() < 0.55 else rng.choice(kinds) for _ in range(rng.randint(4, 7))]
        options = {", ".join(_FEET[foot] for foot in feet)}
        while len(options) < 4:
            near = list(feet)
            for i in rng.sample(range(len(feet)), rng.randint(1, 2)):
                near[i] = rng.choice(kinds)
            options.add(", ".join(_FEET[foot] for foot in near))
        shuffled = sorted(options)
        rng.shuffle(shuffled)
        return Line(" ".join(mark for foot in feet for mark in foot), tuple(shuffled))

    def work(self, instance: Line) -> Working:
        """Names every foot, then compares with the options."""
        marks = instance.marks.split()
        require(len(marks) % 2 == 0 and len(marks) <= 14, "pairs of syllables, at most seven")
        pairs = [(marks[i], marks[i + 1]) for i in range(0, len(marks), 2)]
        names = [_FEET[pair] for pair in pairs]
        analysis = ", ".join(names)
        require(instance.choices.count(analysis) == 1, "exactly one right option")
        letter = LETTERS[instance.choices.index(analysis)]
        shown = [
            f"foot {i} is {a} {b}, a {name}" for i, ((a, b), name) in enumerate(zip(pairs, names, strict=True), start=1)
        ]
        stresses = marks.count("/")
        rejected = [
            f"{LETTERS[i]} goes wrong at foot {_first_difference(option.split(', '), names)}"
            for i, option in enumerate(instance.choices)
            if option != analysis
        ]
        length = _LENGTHS.get(len(pairs), f"line of {len(pairs)} feet")
        return Working(
            answer=Answer("choice", letter, choices=instance.choices),
            plan="I cut the row of marks into pairs from the left and name each pair: x / is an iamb, / x a trochee, "
            "/ / a spondee "
            "and x x a pyrrhic.",
            steps=(
                f"The line has {len(marks)} syllables, hence {len(pairs)} disyllabic feet: a {length}.",
                f"From the left, {'; '.join(shown)}.",
                f"So the sequence is {analysis}, which is option {letter}.",
            ),
            checks=(
                f"The line has {stresses} stressed syllables. Counting one for each iamb and trochee, two for each "
                f"spondee and none "
                f"for each pyrrhic gives {sum(n in ('iamb', 'trochee') for n in names) + 2 * names.count('spondee')}.",
                f"The other options fail: {'; '.join(rejected)}.",
            ),
        )


def _first_difference(left: list[str], right: list[str]) -> int:
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False), start=1) if a != b), len(right))
