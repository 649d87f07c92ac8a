"""Texts and choices in normal form."""

import re
import unicodedata

from chimera_verifier.domain.chemistry import read_formula
from chimera_verifier.domain.latex import tidy, unwrap
from chimera_verifier.domain.numbers import number_in_words, roman

_YES_NO = frozenset({"No", "no"})  # "No" would else be read as nobelium.
_SYMBOL_CASE = re.compile(r"(?<![A-Za-z])[a-z]{1,3}[A-Z][a-z]?(?![A-Za-z])")  # `mgH` and `pH` are no words.
_GENES = re.compile(r"(?:([A-Za-z])(?i:\1)){1,8}")  # `AaBb` is not `aabb`.
_RAISED = re.compile(r"(?<=[A-Za-z])\^(?=[0-9](?![0-9]))")
_QUOTES = re.compile("[\"“”„«»`*]|(?<![A-Za-z0-9])'|'(?![A-Za-z0-9])")
_HYPHENS = re.compile("(?<=[^\\W_])[-‐‑‒–](?=[^\\W_])")
_STOPS = re.compile(r"[!?;:]|[.,](?![0-9])|(?<![0-9])[.,]")
_SCRIPT = re.compile(r"_\{?([A-Za-z0-9+-]+)\}?")
_POWER = re.compile(r"\^\{([^{}]*)\}")
_ARTICLE = re.compile(
    r"(?:the|an|a|der|die|das|le|la|les|el|los|las|il|lo|gli|un|una|une|ein|eine) (?=\S{2})|l'(?=\w{3})"
)
_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i"}
_MAX_LOOSE_CHARS = 300
_AFFIRMED = frozenset({
    "yes", "true", "correct", "right", "ja", "wahr", "richtig", "oui", "vrai", "sí", "si", "verdadero", "sim", "sì",
    "verdadeiro", "vero", "да", "верно", "истина", "是", "是的", "对", "正确", "真", "はい", "正しい", "예", "네", "참",
    "نعم", "صحيح", "हाँ", "evet", "doğru", "tak", "prawda",
})  # fmt: skip
_DENIED = frozenset({
    "no", "false", "incorrect", "wrong", "nein", "falsch", "non", "faux", "falso", "não", "falsa", "нет", "неверно",
    "ложь", "否", "不是", "不", "错", "错误", "假", "いいえ",
    "아니오", "거짓", "لا", "خطأ", "नहीं", "hayır", "yanlış", "nie", "fałsz",
})  # fmt: skip
_PHRASES = {
    phrase: meaning
    for meaning, phrases in {
        "absent": ("dne", "does not exist", "doesn't exist", "do not exist", "it does not exist", "no limit exists",
                   "limit does not exist", "limit doesn't exist", "nonexistent", "不存在", "n'existe pas"),
        "undefined": ("undefined", "not defined", "is undefined", "undef", "it is undefined", "is not defined"),
        "endless": ("infinitely many", "infinitely many solutions", "infinite solutions", "infinite many solutions",
                    "infinitely many values", "there are infinitely many solutions", "an infinite number of solutions",
                    "infinite number of solutions", "无穷多", "无数"),
        "none": ("no solution", "no solutions", "there is no solution", "there are no solutions", "none",
                 "no such number exists", "there is none", "no solution exists", "无解"),
    }.items()
    for phrase in phrases
}  # fmt: skip
_DENYING = re.compile(
    r"\b(?:not|no|never|nor|neither|isn't|wasn't|n't|wrong|incorrect|false|opposite|except|unless|instead|than|without"
    r"|nicht|kein\w*|ne|pas|or|but|if|whether|think|guess|believe|maybe|perhaps|possibly|probably|could|might|may)\b",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"(?:so|thus|therefore|hence)?,? ?(?:the|it|this|that|its|his|her|their)\b"
    r"(?: [\w'’-]{1,30}){0,8}? (?:is|was|are|were) (?:called |named |known as )?(?P<told>[^,;:?!]{1,200})",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\(?\[?([A-Za-z])[)\].:]*")
_LABELLED = re.compile(r"(?:\(([A-Z])\)|([A-Z])[).:]) *(.+)", re.DOTALL)
_PREFIX = re.compile(
    r"(?:the )?(?:correct )?(?:(?:answer|option|choice|letter|opción|opção|letra|lettre|réponse|buchstabe"
    r"|antwort|вариант|буква)(?: is)?:?|la|el|le|die|der|das|il) +(?=\(?[A-Za-z]\b)|选项 ?|選項 ?",
    re.IGNORECASE,
)


def text_form(text: str) -> str:
    """Compatibility characters, case, punctuation, spacing, LaTeX wrappers and a leading article do not count."""
    form = " ".join(_plain(text).casefold().split())
    return _ARTICLE.sub("", form, count=1) if _ARTICLE.match(form) else form


def same_text(reference: str, candidate: str) -> bool:
    """Whether the normal forms are equal; a chemical formula keeps its case, for Co is not CO.

    Accents may be left out, and numbers written as digits, in words or in Roman numerals.
    """
    forms = text_form(reference), text_form(candidate)
    if not forms[0] or not forms[1]:
        return False
    if "\\" in reference and _signs(reference) == _signs(candidate):
        return True
    if forms[0] != forms[1]:
        return _loose_form(forms[0], reference) == _loose_form(forms[1], candidate)
    left, right = "".join(_plain(reference).split()), "".join(_plain(candidate).split())
    if left != right and _GENES.fullmatch(left):
        return False
    if left == right or {left, right} <= _YES_NO:
        return True
    symbols = _SYMBOL_CASE.search(left) or _SYMBOL_CASE.search(right)
    return symbols is None and read_formula(left) is None and read_formula(right) is None


def same_phrase(reference: str, candidate: str) -> bool | None:
    """Whether `DNE` and `does not exist`, or their like, say the same; None unless both are such phrases."""
    meanings = [_PHRASES.get(text_form(text)) if len(text) < 80 else None for text in (reference, candidate)]
    return meanings[0] == meanings[1] or None if all(meanings) else None


def concluded(sentence: str) -> str | None:
    """What a plain sentence says of the thing asked for: `Paris` in `The capital is Paris.`; None if it may deny it."""
    match = _CONCLUSION.fullmatch(sentence.strip(" .*")) if len(sentence) < 300 else None
    return match["told"] if match and not _DENYING.search(sentence) else None


def _signs(text: str) -> str:
    """A formula that is no expression, by its signs alone: `\\pmod 7` is `\\pmod{7}`."""
    return "".join(char for char in unwrap(tidy(text)) if char not in "{} ")


def truth(text: str) -> bool | None:
    """What `yes`, `True`, `falsch` or `不是` affirms or denies; None for everything else."""
    form = text_form(text)
    return True if form in _AFFIRMED else False if form in _DENIED else None


def _loose_form(form: str, text: str) -> str:
    """Without accents, with digits for numbers in words and Roman numerals, and with `and` for `&`."""
    romans = {word.casefold(): roman(word) for word in _plain(text).split() if len(word) > 1 or word in ("I", "V", "X")}
    words = [] if len(form) > _MAX_LOOSE_CHARS else form.replace("&", " and ").split()
    several = len(words) > 1
    kept: list[str] = []
    for word in words:
        value = romans.get(word) if several and kept else None
        value = number_in_words(word) if value is None and several else value
        kept.append(str(value) if value is not None else word)
    return _without_accents(" ".join(kept)) if kept else form


def _without_accents(text: str) -> str:
    """Latin letters without their accents; elsewhere a mark may make another letter."""
    for letter, plain in _LETTERS.items():
        text = text.replace(letter, plain)
    decomposed = unicodedata.normalize("NFD", text)
    kept = [
        char
        for place, char in enumerate(decomposed)
        if not (unicodedata.combining(char) and place and decomposed[place - 1].isascii())
        or decomposed[place - 1] in "nN"
    ]
    return unicodedata.normalize("NFC", "".join(kept))


def choice_letter(text: str, choices: list[str]) -> str | None:
    """The letter that `B`, `(B)`, `B.`, `B) its text` or a choice's text stands for; None if none, or several."""
    bare = _PREFIX.sub("", unwrap(tidy(text))).strip(" *`")
    letters = [chr(ord("A") + position) for position in range(len(choices) or 26)]
    if match := _LETTER.fullmatch(bare):
        return match[1].upper() if match[1].upper() in letters else None
    forms = [text_form(choice_text(choice)) for choice in choices]
    named = [
        letter for letter, form in zip(letters, forms, strict=False) if form and form == text_form(choice_text(bare))
    ]
    label = _LABELLED.fullmatch(bare)
    if label is None:
        return named[0] if len(named) == 1 else None
    letter = label[1] or label[2]
    return letter if letter in letters and (letter in named or not choices) else None


def choice_text(choice: str) -> str:
    """The text of a choice without the label that may stand before it."""
    match = _LABELLED.fullmatch(choice.strip())
    return match[3] if match else choice


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", unwrap(tidy(text)))
    text = _RAISED.sub("", _POWER.sub(r"^\1", _SCRIPT.sub(r"\1", text)))
    return _STOPS.sub("", _HYPHENS.sub(" ", _QUOTES.sub("", text)))
