"""Ordered phonological rules applied to an underlying form."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Annotated

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Word, one_of

_VOWELS = "aeiou"
_VOICED = dict(zip("ptksf", "bdgzv", strict=True))
_DEVOICED = dict(zip("bdgzv", "ptksf", strict=True))
_RAISED = dict(zip("aeo", "eiu", strict=True))
_RULES = {
    "a voiceless obstruent (p, t, k, s, f) becomes voiced (b, d, g, z, v) between two vowels": "intervocalic voicing",
    "a word-final vowel is deleted": "apocope",
    "a word-final voiced obstruent (b, d, g, z, v) becomes voiceless (p, t, k, s, f)": "final devoicing",
    "the vowels a, e, o become e, i, u respectively if the next vowel of the word is i": "raising before i",
    "t becomes s immediately before i": "assibilation",
    "n becomes m immediately before p or b": "nasal assimilation",
    "k becomes h at the beginning of the word": "initial spirantisation",
}
_LANGUAGES = ("Tavic", "Lomori", "Eskal", "Wenditi", "Old Marun", "Pakesh", "Ruvian", "Nothi", "Saamel", "Kirun")

Rule = Annotated[str, one_of(tuple(_RULES))]


@dataclass(frozen=True, slots=True)
class Derivation:
    """An underlying form of a language and three rules in their order."""

    language: Annotated[str, one_of(_LANGUAGES)]
    form: Word
    first: Rule
    second: Rule
    third: Rule


class Phonology(Family[Derivation]):
    """Feeding and bleeding come out of the order of the rules."""

    instance = Derivation
    wordings = (
        "In the constructed language {language}, surface forms are derived by three rules applied once each, in this "
        "order, to all matching segments simultaneously: (1) {first}; (2) {second}; (3) {third}. What is the surface "
        "form of the underlying form /{form}/?",
        "A phonologist posits for {language} (an invented language) the underlying form /{form}/ and the ordered "
        "rules: "
        "first, {first}; second, {second}; third, {third}. Each rule applies once, to every segment that matches at "
        "that point, and its output feeds the next rule. Give the resulting surface form.",
        "Derive the surface form of /{form}/ in the fictional language {language}. The grammar orders its rules as "
        "follows. Rule A: {first}. Rule B: {second}. Rule C: {third}. Every rule applies exactly once, simultaneously "
        "wherever its condition is met in its input.",
    )

    def draw(self, rng: Random) -> Derivation:
        """A word of three or four syllables and three rules of which at least two do something."""
        while True:
            form = "".join(_syllable(rng) for _ in range(rng.randint(3, 4))) + rng.choice(("", "", "d", "t", "g", "n"))
            rules = rng.sample(list(_RULES), 3)
            forms = _derive(form, rules)
            if sum(a != b for a, b in pairwise(forms)) >= 2:
                return Derivation(rng.choice(_LANGUAGES), form, *rules)

    def work(self, instance: Derivation) -> Working:
        """Applies the rules one after the other to the whole form."""
        rules = (instance.first, instance.second, instance.third)
        require(instance.form.isascii() and instance.form.islower(), "a form in lower-case letters")
        forms = _derive(instance.form, rules)
        unordered = [_derive(instance.form, [rule])[1] for rule in rules]
        steps = tuple(
            f"Rule {i}, {_RULES[rule]}: {rule}. "
            + (f"It changes {before} into {after}." if before != after else f"Its condition is not met in {before}.")
            for i, (rule, before, after) in enumerate(zip(rules, forms, forms[1:], strict=False), start=1)
        )
        return Working(
            answer=Answer("text", forms[-1]),
            plan="I carry the whole word through the rules in the stated order, because an earlier rule may create "
            "(feed) or remove (bleed) the context of a later one.",
            steps=(f"The derivation starts from the underlying form {instance.form}.", *steps),
            checks=(
                f"The chain is {' → '.join(forms)}. Reading it backwards, each difference is licensed by the rule of "
                f"that "
                "line and by no other.",
                f"Applied to the underlying form alone the three rules would give {', '.join(unordered)}, which "
                f"shows which "
                "of them really depend on the order.",
            ),
        )


def _syllable(rng: Random) -> str:
    return rng.choice("ptksbdgmnlr") + rng.choice("aeiouai") + rng.choice(("", "", "", "n"))


def _derive(form: str, rules: tuple[str, ...] | list[str]) -> list[str]:
    forms = [form]
    for rule in rules:
        forms.append(_apply(_RULES[rule], forms[-1]))
    return forms


def _apply(rule: str, form: str) -> str:
    if rule == "apocope":
        return form[:-1] if form[-1:] in _VOWELS else form
    return "".join(_segment(rule, form, i) for i in range(len(form)))


def _segment(rule: str, form: str, i: int) -> str:
    here, after, last = form[i], form[i + 1 : i + 2], i == len(form) - 1
    between = 0 < i < len(form) - 1 and form[i - 1] in _VOWELS and after in _VOWELS
    next_vowel = next((c for c in form[i + 1 :] if c in _VOWELS), "")
    changed = {
        "intervocalic voicing": _VOICED.get(here) if between else None,
        "final devoicing": _DEVOICED.get(here) if last else None,
        "raising before i": _RAISED.get(here) if next_vowel == "i" else None,
        "assibilation": "s" if here == "t" and after == "i" else None,
        "nasal assimilation": "m" if here == "n" and after and after in "pb" else None,
        "initial spirantisation": "h" if here == "k" and i == 0 else None,
    }[rule]
    return changed or here
