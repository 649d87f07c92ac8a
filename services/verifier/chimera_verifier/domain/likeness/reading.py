"""What is read from a statement once, so that it can be compared with many."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chimera_verifier.domain.likeness import language as languages
from chimera_verifier.domain.likeness.concepts import ASK, class_of, concepts_of
from chimera_verifier.domain.likeness.language import FOCUS_LAST, UNSPACED, bare, function_words
from chimera_verifier.domain.likeness.plain import form, numbers_joined, plain

NUMBER = "#"
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\w\s]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MAX_MASKED_CHARS = 2_000
"""What follows changes an embedding little, and costs as much time as what went before."""
_LETTERS = re.compile(r"[^\W\d_]+")
_VARIABLE = re.compile(r"[A-Za-zα-ωΓΔΘΛΞΠΣΦΨΩ]")
_OPERATORS = frozenset("=+-*/^<>≤≥≠√∑∏∫!|≡∈")
_FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "mod", "arcsin", "arccos", "arctan", "det"}
)
_SENTENCE = re.compile(r"(?<=[?.!？])\s+|(?<=[？])|[;:]\s")
_ASKING = re.compile(
    r"(?i)\?|？|\b(?:find|determin\w+|comput\w+|calcul\w+|evaluat\w+|what|which|how|bestimm\w*|berechn\w*|finde|ermitt\w+|"
    r"trouve[rz]?|quel\w*|combien|encuentr\w+|hall[ae]\w*|cual\w*|cuant\w*|trova\w*|qual\w*|quant\w*|encontr\w+|bereken\w*|"
    r"bepaal\w*|oblicz\w*|wyznacz\w*|znajdz\w*|вычисл\w*|найд\w*|определ\w*|сколько|как\w{2,3}|чему)\b|求|多少|几|何|計算|计算|いくつ"
)
_NEGATION = re.compile(
    r"(?i)\b(?:not|no|never|neither|nor|without|cannot|n't|nicht|kein\w*|ohne|niemals|pas|aucun\w*|sans|jamais|sin|"
    r"ningun\w*|nunca|non|nessun\w*|senza|nao|nenhum\w*|sem|niet|geen|zonder|nie|bez|żaden|не|нет|без)\b|不|没|無|ない|ず"
)


@dataclass(frozen=True)
class Reading:
    """A statement taken apart."""

    text: str
    """Plain words and formulas, with the numbers in one spelling."""
    form: str
    language: str

    @cached_property
    def raw(self) -> list[str]:
        """Words, numbers and signs as they stand."""
        return _TOKEN.findall(self.text)

    @cached_property
    def words(self) -> list[str]:
        """The same in lower case and without accents."""
        return [bare(token) for token in self.raw]

    @cached_property
    def template(self) -> list[str]:
        """The words with a sign for each number, and without the punctuation of sentences."""
        return [NUMBER if w[0].isdigit() else w for w in self.words if w not in '.,:;?!"()$']

    @cached_property
    def masked(self) -> str:
        """The text with one number for all, which is what is embedded."""
        return _NUMBER.sub("5", self.text[:_MAX_MASKED_CHARS])

    @cached_property
    def numbers(self) -> list[str]:
        """Numbers in digits, in the order of the text."""
        return [_number(word) for word in self.words if word[0].isdecimal()]

    @cached_property
    def spelled(self) -> list[str]:
        """Numbers in words, one excepted."""
        known = languages.number_words(self.language)
        found = [known[word] for word in self.words if word in known]
        return found + (languages.han_numbers(self.text) if self.language in UNSPACED else [])

    @cached_property
    def concepts(self) -> Counter[str]:
        """How often each concept is spoken of."""
        return Counter(concept for _, concept in self._mentions(self.text))

    @cached_property
    def question(self) -> str:
        """The sentences that ask, or the last one if none does."""
        sentences = [s for s in _SENTENCE.split(self.text) if s and s.strip()]
        asking = [s for s in sentences if _ASKING.search(s)]
        return " ".join(asking or sentences[-1:])

    @cached_property
    def focus(self) -> str:
        """The quantity that is asked for; empty if none is known."""
        asked = [concept for _, concept in self._mentions(self.question) if class_of(concept) == ASK]
        if not asked:
            return ""
        return asked[-1 if self.language in FOCUS_LAST else 0]

    @cached_property
    def negations(self) -> int:
        """How many words negate something."""
        return len(_NEGATION.findall(self.text))

    @cached_property
    def operators(self) -> Counter[str]:
        """Signs and functions of formulas."""
        return Counter(word for word in self.words if word in _OPERATORS or word in _FUNCTIONS)

    @cached_property
    def variables(self) -> Counter[str]:
        """Single letters that stand for something, as they are written."""
        articles = function_words(self.language)
        found: Counter[str] = Counter()
        for position, token in enumerate(self.raw):
            if len(token) == 1 and _VARIABLE.fullmatch(token):
                beside = self.raw[max(position - 1, 0) : position] + self.raw[position + 1 : position + 2]
                if token.casefold() not in articles | {"i"} or any(b in _OPERATORS for b in beside):
                    found[token] += 1
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """Words that are written large within a sentence, where the language does that to names only."""
        if self.language in UNSPACED or self.language == "de":
            return frozenset()
        found = set()
        for before, token in zip([".", *self.raw], self.raw, strict=False):
            if before not in '.?!:"' and len(token) > 1 and token[0].isupper() and token[1:].islower():
                found.add(bare(token))
        return frozenset(found)

    def _mentions(self, text: str) -> list[tuple[int, str]]:
        words = [bare(token) for token in _TOKEN.findall(text)]
        return concepts_of(text, words, self.language)


def _number(digits: str) -> str:
    whole, _, rest = digits.partition(".")
    return f"{whole.lstrip('0') or '0'}.{rest.rstrip('0')}".removesuffix(".")


def read(statement: str) -> Reading:
    """Take a statement apart."""
    text = plain(statement)
    language = languages.language_of(text, [bare(word) for word in _LETTERS.findall(text)])
    text = numbers_joined(text, decimal_comma=language not in ("en", "zh", "ja", languages.UNKNOWN))
    return Reading(text, form(text), language)


def shingles(reading: Reading) -> set[str]:
    """Runs of three words, or of three characters where words are not set apart."""
    units: Sequence[str] = reading.form if reading.language in UNSPACED else _TOKEN.findall(reading.form)
    return {" ".join(units[start : start + 3]) for start in range(max(len(units) - 2, 1))}
