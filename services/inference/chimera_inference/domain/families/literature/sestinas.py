"""End words of a sestina under retrogradatio cruciata."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Int, Words

_POOL = (
    "water", "stone", "winter", "garden", "letter", "mirror", "harbour", "candle", "father",
    "daughter", "silence", "window", "river", "shadow", "morning", "paper", "bread", "orchard",
    "sparrow", "thunder", "island", "silver", "lantern", "meadow", "needle", "ocean", "pilgrim",
    "root", "saddle", "tower", "valley", "willow", "ember", "feather", "glass", "hollow",
)  # fmt: skip
# The k-th line of a stanza ends with the word of this line of the stanza before.
_ORDER = (6, 1, 5, 2, 4, 3)


@dataclass(frozen=True, slots=True)
class Sestina:
    """The end words of the first stanza, and the place asked about."""

    words: Words
    stanza: Int
    line: Int


class Sestinas(Family[Sestina]):
    """The permutation 6 1 5 2 4 3, applied once a stanza."""

    instance = Sestina
    wordings = (
        "The first stanza of a sestina has the end words {words}, in this order. In every following stanza the end "
        "words are those "
        "of the stanza before, taken in the order 6, 1, 5, 2, 4, 3. Which word ends line {line} of stanza {stanza}?",
        "A poet plans a sestina whose opening stanza ends its six lines with {words}. Each later stanza takes the "
        "end words of its "
        "predecessor in the sequence sixth, first, fifth, second, fourth, third. Name the end word of line {line} in "
        "stanza "
        "{stanza}.",
        "In a sestina (retrogradatio cruciata: each stanza repeats the end words of the one before in the order "
        "6-1-5-2-4-3), "
        "stanza 1 uses {words}. What is the last word of line {line} of stanza {stanza}?",
    )

    def draw(self, rng: Random) -> Sestina:
        """Six different words."""
        return Sestina(tuple(rng.sample(_POOL, 6)), rng.randint(3, 6), rng.randint(1, 6))

    def work(self, instance: Sestina) -> Working:
        """Writes the stanzas out, and checks by tracing the place backwards."""
        require(len(set(instance.words)) == 6, "six different end words")
        require(1 <= instance.stanza <= 6 and 1 <= instance.line <= 6, "one of six stanzas and lines")
        stanzas = [list(instance.words)]
        for _ in range(instance.stanza - 1):
            stanzas.append([stanzas[-1][k - 1] for k in _ORDER])
        place, trace = instance.line, [instance.line]
        for _ in range(instance.stanza - 1):
            place = _ORDER[place - 1]
            trace.append(place)
        word = stanzas[-1][instance.line - 1]
        return Working(
            answer=Answer("text", word),
            plan="Every stanza is the same permutation of the one before, so I write the end words out stanza by "
            "stanza until the "
            "one that is asked for.",
            steps=(
                *(f"Stanza {i} ends its lines with {', '.join(words)}." for i, words in enumerate(stanzas, start=1)),
                f"Line {instance.line} of stanza {instance.stanza} therefore ends with {word}.",
            ),
            checks=(
                f"Tracing backwards from line {instance.line} of stanza {instance.stanza}, the word stood in lines "
                f"{', '.join(map(str, trace))} of the stanzas {instance.stanza} down to 1; line {trace[-1]} of the "
                f"first stanza "
                f"ends with {instance.words[trace[-1] - 1]}.",
                "Each stanza must contain all six words exactly once, and the seventh would repeat the first, "
                "because the "
                "permutation is a single cycle of length six. Both hold in what is written above.",
            ),
        )
