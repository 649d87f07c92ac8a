"""Numerals of a language with an unusual base."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Phrase, Word, Words, one_of

_LANGUAGES = ("Ambari", "Teluki", "Oshan", "Midru", "Kolwe", "Sarpi", "Ungai", "Veltic", "Ibaro", "Nehu")


@dataclass(frozen=True, slots=True)
class Numeral:
    """Words for the digits 1, 2, ..., the base, its word and that of its square, and the numeral to read."""

    language: Annotated[str, one_of(_LANGUAGES)]
    base: Int
    digits: Words
    base_word: Word
    square_word: Word
    numeral: Phrase


class Numerals(Family[Numeral]):
    """digit square, digit base, digit: a polynomial in the base."""

    instance = Numeral
    wordings = (
        "The constructed language {language} counts in base {base}. Its words for 1, 2, 3 and so on are {digits}; "
        "{base_word} means {base} "
        "and {square_word} means {base} squared. A digit word directly before {base_word} or {square_word} "
        "multiplies it (a missing one "
        "means once), and the parts are added. Which number is called {numeral}?",
        "A field linguist records the numerals of {language} (an invented language): one, two, three, … are "
        "{digits}, the base {base} is "
        "{base_word}, and the base squared is {square_word}. Preceding digits multiply these two words, without a "
        "digit they count once, "
        "and all parts add up. What is the value in decimal notation of {numeral}?",
        "In {language}, an invented base-{base} language, the digits from 1 upwards are {digits}. The word "
        "{base_word} stands for {base}, the "
        "word {square_word} for the square of {base}; each is multiplied by the digit word just before it, if there "
        "is one, and everything "
        "is summed. Translate {numeral} into a decimal number.",
    )

    def draw(self, rng: Random) -> Numeral:
        """A numeral with all three parts."""
        base = rng.randint(5, 9)
        words: list[str] = []
        while len(words) < base + 1:
            word = _word(rng)
            if word not in words:
                words.append(word)
        digits, base_word, square_word = words[: base - 1], words[-2], words[-1]
        high, middle, low = (rng.randint(1, base - 1) for _ in range(3))
        parts = [*digits[high - 1 : high], square_word] if high > 1 else [square_word]
        parts += [*digits[middle - 1 : middle], base_word] if middle > 1 else [base_word]
        return Numeral(
            rng.choice(_LANGUAGES), base, tuple(digits), base_word, square_word, " ".join([*parts, digits[low - 1]])
        )

    def work(self, instance: Numeral) -> Working:
        """Reads the words from left to right."""
        base, digits = instance.base, instance.digits
        require(2 < base <= 20 and len(digits) == base - 1, "one word for each digit")
        require(len({*digits, instance.base_word, instance.square_word}) == base + 1, "different words")
        units = {instance.base_word: base, instance.square_word: base**2}
        total, pending, parts = 0, 0, []
        for word in instance.numeral.split():
            if word in units:
                total += max(pending, 1) * units[word]
                parts.append(f"{max(pending, 1)}·{units[word]} = {max(pending, 1) * units[word]}")
                pending = 0
            else:
                require(pending == 0, "no two digits in a row")
                pending = digits.index(word) + 1
        total += pending
        parts += [str(pending)] if pending else []
        lexicon = [f"{word} = {digits.index(word) + 1}" for word in instance.numeral.split() if word in digits]
        quotient, low = divmod(total, base)
        high, middle = divmod(quotient, base)
        return Working(
            answer=number(total),
            plan="I translate each word by the given lexicon, let digit words multiply the power of the base that "
            "follows them, and add "
            "the parts.",
            steps=(
                f"The lexicon gives {', '.join(dict.fromkeys(lexicon))}; {instance.base_word} = {base} and "
                f"{instance.square_word} = "
                f"{base}² = {base**2}.",
                f"Grouping {instance.numeral} into parts gives {'; '.join(parts)}.",
                f"The sum of the parts is {total}.",
            ),
            checks=(
                f"Converting back, {total} = {base}·{quotient} + {low} and {quotient} = {base}·{high} + {middle}. "
                f"The base-{base} digits are "
                f"{high}, {middle}, {low}, and saying these in {instance.language} yields the numeral of the question.",
                f"The value lies below {base}³ = {base**3}, as a numeral without a word for the cube must.",
            ),
        )


def _word(rng: Random) -> str:
    return "".join(
        rng.choice("bdfghklmnprstvw") + rng.choice("aeiou") for _ in range(rng.choice((1, 2, 2)))
    ) + rng.choice(("", "n", "k", "l"))
