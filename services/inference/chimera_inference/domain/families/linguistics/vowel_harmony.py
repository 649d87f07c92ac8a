"""Suffixes under vowel harmony."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Word, one_of

_FRONT, _BACK, _ROUND = "eiöü", "aıou", "oöuü"
_SUFFIXES = {
    "plural": "lAr",
    "locative": "dA",
    "ablative": "dAn",
    "accusative": "sI",
    "possessive": "mIz",
    "genitive": "nIn",
}
_CLOSINGS = {
    "question": "mI",
    "comitative": "lA",
    "privative": "sIz",
    "adjectival": "kI",
    "agentive": "cI",
    "equative": "cA",
}


@dataclass(frozen=True, slots=True)
class Inflection:
    """A root and three suffixes in their order, as underlying forms with the archiphonemes A and I."""

    root: Word
    first: Annotated[str, one_of(tuple(_SUFFIXES.values()))]
    second: Annotated[str, one_of(tuple(_SUFFIXES.values()))]
    third: Annotated[str, one_of(tuple(_CLOSINGS.values()))]


class VowelHarmony(Family[Inflection]):
    """Each suffix vowel looks at the vowel before it, which may itself be the outcome of harmony."""

    instance = Inflection
    wordings = (
        "In an agglutinative constructed language, suffix vowels harmonise from left to right with the nearest "
        "preceding vowel. The "
        "archiphoneme A becomes e after the front vowels e, i, ö, ü and a after the back vowels a, ı, o, u. The "
        "archiphoneme I becomes i "
        "after e, i; ü after ö, ü; ı after a, ı; u after o, u. Give the surface form of the word "
        "{root}-{first}-{second}-{third}, written "
        "without hyphens.",
        "A language of the Turkic type (invented for this problem) has the suffix vowels A, realised as e after e, "
        "i, ö, ü and as a after "
        "a, ı, o, u, and I, realised as i after e, i, as ü after ö, ü, as ı after a, ı and as u after o, u; only the "
        "nearest preceding "
        "vowel counts, and it may stand in a suffix. How is {root} + {first} + {second} + {third} pronounced? Write "
        "one word.",
        "Apply vowel harmony to the morpheme string {root}-{first}-{second}-{third} of a made-up language and write "
        "the result as one word. "
        "Rules, from left to right, looking at the nearest vowel to the left: A → e if it is front (e, i, ö, ü), A → "
        "a if it is back (a, ı, "
        "o, u); I → i after e or i, ü after ö or ü, ı after a or ı, u after o or u.",
    )

    def draw(self, rng: Random) -> Inflection:
        """A harmonic root of two syllables."""
        vowels = rng.choice((_FRONT, _BACK))
        root = "".join(rng.choice("bdgkmnpstyvhrl") + rng.choice(vowels) for _ in range(2)) + rng.choice("klmnrtş")
        first, second = rng.sample(list(_SUFFIXES.values()), 2)
        return Inflection(root, first, second, rng.choice(list(_CLOSINGS.values())))

    def work(self, instance: Inflection) -> Working:
        """Suffix by suffix."""
        require(instance.root.islower() and any(c in _FRONT + _BACK for c in instance.root), "a root with a vowel")
        word, steps = instance.root, []
        for suffix in (instance.first, instance.second, instance.third):
            last = next(c for c in reversed(word) if c in _FRONT + _BACK)
            mark = "A" if "A" in suffix else "I"
            vowel = _harmonic(mark, last)
            word += suffix.replace(mark, vowel)
            kind = ("front" if last in _FRONT else "back") + (" rounded" if last in _ROUND else " unrounded")
            seen = f"the nearest vowel to the left is {last} ({kind})"
            steps.append(f"Suffix {suffix}: {seen}, so {mark} becomes {vowel}, giving {word}.")
        vowels = [c for c in word if c in _FRONT + _BACK]
        tail = vowels[-4:]
        return Working(
            answer=Answer("text", word),
            plan="Harmony spreads from left to right, so I attach the suffixes one at a time and let each suffix "
            "vowel take its "
            "quality from the last vowel present at that moment.",
            steps=(f"The root is {instance.root}; its last vowel starts the chain.", *steps),
            checks=(
                f"The vowels of the word are {' '.join(vowels)}. In the last four, {' '.join(tail)}, "
                f"{'all are front' if tail[0] in _FRONT else 'all are back'}, as harmony demands: no rule ever "
                f"crosses from front to back.",
                f"Counting letters: {len(instance.root)} + {len(instance.first)} + {len(instance.second)} + "
                f"{len(instance.third)} = "
                f"{len(word)}, so no segment was lost; a rounded suffix vowel stands only directly after a rounded "
                f"vowel.",
            ),
        )


def _harmonic(mark: str, last: str) -> str:
    front = last in _FRONT
    if mark == "A":
        return "e" if front else "a"
    return ("ü" if front else "u") if last in _ROUND else ("i" if front else "ı")
