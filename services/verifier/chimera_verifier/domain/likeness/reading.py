"""What is read from a statement once, so that it can be compared with many."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chimera_verifier.domain.likeness import language as languages
from chimera_verifier.domain.likeness.concepts import ASK, SOFT, class_of, concepts_of
from chimera_verifier.domain.likeness.formulas import formulas_of
from chimera_verifier.domain.likeness.language import UNSPACED, bare, bare_word, function_words
from chimera_verifier.domain.likeness.literals import lists_of, literals_of
from chimera_verifier.domain.likeness.names import GIVEN_NAMES
from chimera_verifier.domain.likeness.plain import form, numbers_joined, plain

NUMBER = "#"
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\w\s]")
_OWN_LETTERS = frozenset({"ru", "zh", "ja", "ko", "ar", "hi", "th", "he", "el"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MAX_MASKED_CHARS = 2_000
"""What follows changes an embedding little, and costs as much time as what went before."""
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[?.!？])\s+|(?<=[？])|[;:]\s")
_IMPERATIVE = re.compile(
    r"(?i)\b(?:find|determin\w+|comput\w+|calcul\w+|evaluat\w+|count|name|what|how|bestimm\w*|berechn\w*|finde|ermitt\w+|"
    r"trouve[rz]?|combien|encuentr\w+|hall[ae]\w*|cuant\w*|trova\w*|encontr\w+|bereken\w*|bepaal\w*|oblicz\w*|"
    r"wyznacz\w*|znajdz\w*|вычисл\w*|найд\w*|определ\w*|сколько|чему)\b|求|计算|多少|いくつ|何"
)
_COUNTED = re.compile(
    r"\b(?:how many|number of|wie viele|anzahl der|combien de|combien d|nombre de|cuant[oa]s|numero d[ei]|quant[ie]|"
    r"quant[oa]s|hoeveel|aantal|ile|ilu|сколько) "
    r"(?:different |distinct |such |of the |of its |its |the |more |all )*([^\W\d_]{3,})"
)
_UNIT_POWER = re.compile(r"\b([cdkmµ]m|(?<=[\d/*(])[ms]|(?<=[\d/*(] )[ms]|in|ft)\^\(?-?[1-4]\)?(?![\w+])")
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
        return [bare_word(token) for token in self.raw]

    @cached_property
    def template(self) -> list[str]:
        """The words with a sign for each number, and without the punctuation of sentences."""
        return [NUMBER if w[0].isdigit() else w for w in self.words if w not in '.,:;?!"()$']

    @cached_property
    def masked(self) -> str:
        """The text with one number for all, which is what is embedded."""
        known = languages.number_words(self.language)
        text = _NUMBER.sub("5", self.text[:_MAX_MASKED_CHARS])
        return _LETTERS.sub(lambda word: "5" if bare_word(word[0]) in known else word[0], text)

    @cached_property
    def shingles(self) -> frozenset[str]:
        """Runs of three words of the normal form, or of three characters where words are not set apart."""
        units: Sequence[str] = self.form if self.language in UNSPACED else _TOKEN.findall(self.form)
        return frozenset(" ".join(units[start : start + 3]) for start in range(max(len(units) - 2, 1)))

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
        return Counter(self._mentions(self.text))

    @cached_property
    def question(self) -> str:
        """The sentences that ask, or the last one if none does."""
        sentences = [s for s in _SENTENCE.split(self.text) if s and s.strip()]
        asking = [s for s in sentences if "?" in s] or [s for s in sentences if _IMPERATIVE.search(s)]
        return " ".join(asking or sentences[-1:])

    @cached_property
    def asked(self) -> frozenset[str]:
        """The quantities that the question speaks of."""
        asked = {c for c in self._mentions(self.question) if class_of(c) in (ASK, SOFT)}
        if any(class_of(c) in (ASK, SOFT) for c in self.concepts_in([self.counted])):
            asked.discard("count")  # `How many hours` asks for a time.
        return frozenset(asked)

    @cached_property
    def counted(self) -> str:
        """The word for what is counted; empty if nothing is."""
        found = _COUNTED.findall(" ".join(_LETTERS.findall(bare(self.question))))
        known = languages.number_words(self.language)
        return next((word for word in reversed(found) if word not in known), "")

    @cached_property
    def negations(self) -> int:
        """How many words negate something."""
        return len(_NEGATION.findall(self.text))

    @cached_property
    def formulas(self) -> Counter[str]:
        """Formulas in one spelling."""
        return formulas_of(self.text, function_words(self.language) | {"i"})

    @cached_property
    def literals(self) -> frozenset[str]:
        """Strings that are given as they stand."""
        return literals_of(self.text)

    @cached_property
    def lists(self) -> frozenset[tuple[str, ...]]:
        """Lists of words and of numbers."""
        return lists_of(self.text)

    @property
    def alphabet(self) -> str:
        """In which letters names are written."""
        return self.language if self.language in _OWN_LETTERS else "latin"

    @cached_property
    def names(self) -> frozenset[str]:
        """Words that are written large within a sentence, where the language does that to names only."""
        if self.language in UNSPACED:
            return frozenset()
        found = {word for word in self.words if word in GIVEN_NAMES}
        if self.language == "de":
            return frozenset(found)
        for before, token in zip([".", *self.raw], self.raw, strict=False):
            if before not in '.?!:"¿¡' and len(token) > 1 and token[0].isupper() and token[1:].islower():
                found.add(bare_word(token))
        return frozenset(found)

    def concepts_in(self, words: Sequence[str]) -> list[str]:
        """What these words of this statement's language stand for."""
        return [concept for _, concept in concepts_of(" ".join(words), words, self.language or "en")]

    def _mentions(self, text: str) -> list[str]:
        words = [bare_word(token) for token in _TOKEN.findall(text)]
        return [concept for _, concept in concepts_of(bare(text), words, self.language or "en")]


def _number(digits: str) -> str:
    whole, _, rest = digits.partition(".")
    return f"{whole.lstrip('0') or '0'}.{rest.rstrip('0')}".removesuffix(".")


def read(statement: str) -> Reading:
    """Take a statement apart."""
    text = plain(statement)
    language = languages.language_of(text, [bare_word(word) for word in _LETTERS.findall(text)])
    text = _UNIT_POWER.sub(r"\1", text)
    text = numbers_joined(text, decimal_comma=language not in ("en", "zh", "ja", languages.UNKNOWN))
    return Reading(text, form(text), language)
