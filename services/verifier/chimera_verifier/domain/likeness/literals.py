"""What a statement gives as it stands: strings, codes, sequences, lists of words and of numbers."""

import re

_QUOTED = re.compile(
    r"[\"“”„«»`]([^\"“”„«»`]{1,60})[\"“”„«»`]|(?<!\w)'([^']{2,40})'(?!\w)|(?<!\w)/([^/\s]{2,40})/(?!\w)"
)
_CODE = re.compile(r"\b(?=\w*[A-Z])[A-Za-z]{3,60}\b")
_FEW_LETTERS = re.compile(r"\b[^\W\d_]{5,60}\b")
_WORDS = re.compile(r"\b[^\W\d_]{2,20}(?:, [^\W\d_]{2,20}){3,}")
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:[\s,;&\[\]()]+-?\d+(?:\.\d+)?){2,}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def literals_of(text: str) -> frozenset[str]:
    """Strings that are data and not wording: no rewording and no translation changes them."""
    found = {next(filter(None, match.groups())) for match in _QUOTED.finditer(text)}
    found |= {word for word in _CODE.findall(text) if any(map(str.isupper, word[1:]))}
    found |= {word for word in _FEW_LETTERS.findall(text) if len(set(word.casefold())) <= 2}
    return frozenset(literal.strip().casefold() for literal in found if literal.strip())


def lists_of(text: str) -> frozenset[tuple[str, ...]]:
    """Lists of at least four words, and runs of at least three numbers, in their order."""
    words = {tuple(match[0].casefold().split(", ")) for match in _WORDS.finditer(text)}
    return frozenset(words | {tuple(_NUMBER.findall(match[0])) for match in _NUMBERS.finditer(text)})
