"""Mathematical text made comparable: Unicode, LaTeX and plain notation in one spelling, and lists taken apart."""

import re
import unicodedata

MAX_ANSWER_CHARS = 4_000  # Longer answers are compared as they stand; no true final answer was seen beyond 1,000.

_SUPERSCRIPTS = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n", strict=True))}
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True))
_SUPERSCRIPT_RUN = re.compile("[" + "".join(_SUPERSCRIPTS) + "]+")
_SUBSCRIPT_RUN = re.compile("[" + "".join(_SUBSCRIPTS) + "]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "⁄": "/",
                        "÷": "/", "∕": "/", "×": "*", "·": "*", "⋅": "*", "∗": "*",
                        "≤": "≤", "⩽": "≤", "≥": "≥", "⩾": "≥", "π": "π", "𝜋": "π", "∅": "∅", "∪": "∪", "’": "'",
                        "\u200b": None, "\ufeff": None})  # fmt: skip
_COMMANDS = {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "cdot": "*", "times": "*", "ast": "*", "div": "/",
    "pi": "π", "infty": "∞", "cup": "∪", "emptyset": "∅", "varnothing": "∅", "le": "≤", "leq": "≤", "leqslant": "≤",
    "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠", "pm": "±", "degree": "°",
    "approx": "≈", "simeq": "≈", "lbrace": r"\{", "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "langle": "⟨",
    "rangle": "⟩", "colon": ":", "in": "∈", "vert": "|", "lvert": "|", "rvert": "|", "to": "→", "rightarrow": "→",
    "left": "", "right": "", "big": "", "Big": "", "bigg": "", "Bigg": "", "bigl": "", "bigr": "", "Bigl": "",
    "Bigr": "", "displaystyle": "", "textstyle": "", "limits": "", "quad": " ", "qquad": " ", "dots": "…", "ldots": "…",
    "cdots": "…", "circ": "∘",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])")
_SPACES = re.compile(r"\\[,;:! ]|~|\s+")
_WRAPPER = re.compile(
    r"\\(?:text|textrm|textbf|textit|textsf|mathrm|mathbf|mathit|mathsf|boldsymbol|mbox|hbox|operatorname|ce|rm|bf)\*?"
    r" ?\{([^{}]*)\}"
)
_MATH_DELIMITERS = re.compile(r"(?<!\\)\$+|\\[()\[\]]")
_SHORT_FRAC = re.compile(r"\\frac ?(\d)(\d)(?!\d)")
_SHORT_SCRIPT = re.compile(r"([_^])\{([A-Za-z0-9])\}")
_GAP = re.compile(r"(?<=[0-9]) (?=[0-9])")
_MAX_NESTED_WRAPPERS = 4

OPENING, CLOSING = "([{⟨", ")]}⟩"


def tidy(text: str) -> str:
    """The same mathematics in one spelling, with single spaces; keeps `\\text{…}` wrappers, which may hold units."""
    text = _SUPERSCRIPT_RUN.sub(lambda m: "^{" + "".join(_SUPERSCRIPTS[c] for c in m[0]) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda m: "_{" + "".join(_SUBSCRIPTS[c] for c in m[0]) + "}", text)
    text = _VULGAR.sub(_vulgar_fraction, text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = _MATH_DELIMITERS.sub(" ", text).replace(r"\$", "$").replace(r"\%", "%").replace("{,}", ",")
    text = text.replace("^{∘}", "°").replace(r"\#", "#").replace("**", "^")
    text = _COMMAND.sub(lambda m: _COMMANDS.get(m[1], m[0]), text)
    text = text.replace("^{∘}", "°").replace("^∘", "°")
    text = _SHORT_FRAC.sub(r"\\frac{\1}{\2}", text)
    return _SPACES.sub(" ", text).strip()


def unwrap(text: str) -> str:
    """Removes `\\text{…}`, `\\mathrm{…}` and their like, keeping what they hold."""
    for _ in range(_MAX_NESTED_WRAPPERS):
        text, count = _WRAPPER.subn(r"\1", text)
        if not count:
            break
    return text


def inner_text(text: str) -> str:
    """What a wrapper holds, if one wrapper holds the whole text."""
    match = _WRAPPER.fullmatch(text)
    return match[1].strip() if match else text


def math_form(text: str) -> str:
    """The normal form of an expression: two equal ones denote the same. Digits apart stay apart: `1 2` is not `12`."""
    text = _GAP.sub("␣", unwrap(tidy(text)))
    text = _SHORT_SCRIPT.sub(r"\1\2", text.replace(" ", ""))
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def balanced(text: str) -> bool:
    """Whether every bracket closes; half-open intervals, where the kinds differ, count as closed."""
    depth = 0
    for char in text:
        depth += (char in OPENING) - (char in CLOSING)
        if depth < 0:
            return False
    return depth == 0


def split_top(text: str, separators: str = ",;") -> list[str]:
    """Cuts at separators that stand inside no bracket; the pieces are stripped, empty ones kept."""
    pieces, depth, start = [], 0, 0
    for position, char in enumerate(text):
        depth += (char in OPENING) - (char in CLOSING)
        if depth == 0 and char in separators:
            pieces.append(text[start:position].strip())
            start = position + 1
    pieces.append(text[start:].strip())
    return pieces


def enclosed(text: str, opening: str, closing: str) -> str | None:
    """What stands between an outermost pair of brackets, if that pair holds the whole text."""
    if len(text) < 2 or text[0] not in opening or text[-1] not in closing:
        return None
    depth = 0
    for position, char in enumerate(text):
        depth += (char in OPENING) - (char in CLOSING)
        if depth == 0 and position < len(text) - 1:
            return None
    return text[1:-1].strip() if depth == 0 else None


_NAME = r"(?:\\?[A-Za-z]+'*|[π-ωΑ-Ω])(?:_(?:\{[^{}]{1,20}\}|\w))?(?:\([A-Za-z, ]{1,10}\))?"
_ASSIGNMENT = re.compile(rf"({_NAME}) ?(?:=|≈|:=|∈) ?([^=≈]+)")


def assignment(text: str) -> tuple[str, str]:
    """Takes `x = 5` apart as (`x`, `5`); the name is empty where the text assigns nothing."""
    match = _ASSIGNMENT.fullmatch(text)
    return (match[1], match[2].strip()) if match else ("", text.lstrip("≈ "))


def _vulgar_fraction(match: re.Match[str]) -> str:
    numerator, _, denominator = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return rf"\frac{{{numerator}}}{{{denominator}}}"
