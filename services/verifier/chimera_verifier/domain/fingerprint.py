"""Identity of a problem statement up to its typography."""

import hashlib
import re
import unicodedata

# Punctuation of sentences carries no mathematics; between digits it does (`1.5` is not `15`), and so do the sign of a
# factorial, primes, operators, brackets and LaTeX commands, which always count.
_SPACING = re.compile(r"\\[,;: ]|\\!|\\q?quad(?![a-z])|~")
_PUNCTUATION = re.compile(r'\*\*|[$"“”«»`…?;]|[.,:](?![0-9])|(?<=[^\W\d_]{3})!')
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "×": "·", "⋅": "·", "’": "'", "‘": "'"})
_SCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")


def fingerprint(statement: str) -> str:
    """SHA-256, in hexadecimal, of the statement's normal form."""
    return hashlib.sha256(normal_form(statement).encode("utf-8", "surrogatepass")).hexdigest()


def normal_form(statement: str) -> str:
    """Case, spacing and sentence punctuation folded; every digit, operator and bracket kept."""
    marked = _SCRIPT.sub(lambda run: "^" + unicodedata.normalize("NFKC", run[0]), statement)
    folded = unicodedata.normalize("NFKC", marked).casefold().translate(_SIGNS)
    folded = _PUNCTUATION.sub(" ", _SPACING.sub(" ", folded))
    return " ".join(re.sub(r"\s*([^\w\s])\s*", r"\1", folded).split())
