"""Texts and choices in normal form."""

import re
import unicodedata

from chimera_verifier.domain.latex import tidy, unwrap

_FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9]*|[()\[\]+^-])+")
_YES_NO = frozenset({"No", "no"})  # "No" would else be read as nobelium.
_QUOTES = re.compile("[\"“”„«»`*]|(?<![A-Za-z0-9])'|'(?![A-Za-z0-9])")
_HYPHENS = re.compile("(?<=[^\\W_])[-‐‑‒–](?=[^\\W_])")
_STOPS = re.compile(r"[!?;:]|[.,](?![0-9])|(?<![0-9])[.,]")
_SCRIPT = re.compile(r"_\{?([A-Za-z0-9+-]+)\}?")
_POWER = re.compile(r"\^\{([^{}]*)\}")
_ARTICLE = re.compile(r"(?:the|an|a) (?=\S)")
_LETTER = re.compile(r"\(?\[?([A-Za-z])[)\].:]*")
_LABELLED = re.compile(r"(?:\(([A-Z])\)|([A-Z])[).:]) *(.+)", re.DOTALL)
_PREFIX = re.compile(r"(?:the )?(?:correct )?(?:answer|option|choice)(?: is)?:? +(?=\(?[A-Za-z]\b)", re.IGNORECASE)


def text_form(text: str) -> str:
    """Compatibility characters, case, punctuation, spacing, LaTeX wrappers and a leading article do not count."""
    form = " ".join(_plain(text).casefold().split())
    return _ARTICLE.sub("", form, count=1) if _ARTICLE.match(form) else form


def same_text(reference: str, candidate: str) -> bool:
    """Whether the normal forms are equal; a chemical formula keeps its case, for Co is not CO."""
    if not (form := text_form(reference)) or form != text_form(candidate):
        return False
    left, right = "".join(_plain(reference).split()), "".join(_plain(candidate).split())
    if left == right or {left, right} <= _YES_NO:
        return True
    return not (_FORMULA.fullmatch(left) or _FORMULA.fullmatch(right)) or (left.islower() and len(left) > 3)


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
    text = _POWER.sub(r"^\1", _SCRIPT.sub(r"\1", text))
    return _STOPS.sub("", _HYPHENS.sub(" ", _QUOTES.sub("", text)))
