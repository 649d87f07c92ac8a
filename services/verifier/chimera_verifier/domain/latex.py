"""Mathematical text made comparable: Unicode, LaTeX and plain notation in one spelling, and lists taken apart."""

import re
import unicodedata

from chimera_verifier.domain.remembered import remembered

MAX_ANSWER_CHARS = 4_000  # Longer answers are compared as they stand; no true final answer was seen beyond 1,000.

_SUPERSCRIPTS = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n", strict=True))}
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True))
_SUPERSCRIPT_RUN = re.compile("[" + "".join(_SUPERSCRIPTS) + "]+")
_SUBSCRIPT_RUN = re.compile("[" + "".join(_SUBSCRIPTS) + "]+")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "⁄": "/",
                        "÷": "/", "∕": "/", "×": "*", "·": "*", "⋅": "*", "∗": "*",
                        "≤": "≤", "⩽": "≤", "≥": "≥", "⩾": "≥", "π": "π", "𝜋": "π", "∅": "∅", "∪": "∪", "’": "'",
                        "٫": ".", "٬": ",", "\u200b": None, "\ufeff": None})  # fmt: skip
_COMMANDS = {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "cdot": "*", "times": "*", "ast": "*", "div": "/",
    "pi": "π", "infty": "∞", "cup": "∪", "emptyset": "∅", "varnothing": "∅", "le": "≤", "leq": "≤", "leqslant": "≤",
    "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠", "pm": "±", "degree": "°",
    "approx": "≈", "simeq": "≈", "lbrace": r"\{", "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "langle": "⟨",
    "rangle": "⟩", "colon": ":", "in": "∈", "vert": "|", "lvert": "|", "rvert": "|", "to": "→", "rightarrow": "→",
    "left": "", "right": "", "setminus": "∖", "backslash": "∖", "lor": "∨", "land": "∧", "wedge": "∧", "vee": "∨",
    "mp": "∓",
    "geqq": "≥", "leqq": "≤", "Longrightarrow": "→", "longrightarrow": "→", "rightleftharpoons": "⇌", "exp": r"\exp",
    "thickspace": " ", "thinspace": " ", "nobreakspace": " ", "space": " ", "middle": "",
    "mid": "|", "Reals": "ℝ", "R": "ℝ", "reals": "ℝ", "big": "", "Big": "", "bigg": "", "Bigg": "", "bigl": "",
    "bigr": "", "Bigl": "",
    "Bigr": "", "displaystyle": "", "textstyle": "", "limits": "", "quad": " ", "qquad": " ", "dots": "…", "ldots": "…",
    "cdots": "…", "circ": "∘",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])")
_SPACES = re.compile(r"\\[,;:! ]|~|\s+")
_LONE_DOLLAR = re.compile(  # A currency, where a pair would be delimiters.
    r"^(\s*[-−+]?)\$(?=\s?[0-9][0-9.,]*(?: (?:million|billion|thousand))?\s*$)|(?<=[0-9])(\s?)\$\s*$"
)
_NO_SPACE = re.compile(r"(?<=,)\s?\\!\s?|\\!")
_JOINED_DIGITS = re.compile(r"(?<=[0-9])\s?\{\s?,\s?\}\s?(?=[0-9])")
_GLUED_WORD = re.compile(r"(?<=[0-9)}\]])(or|and)(?=[A-Za-z(\\$0-9{-])|(?<=[$)}\]])(or|and)(?= )")
_DOUBLED = re.compile(  # JSON that was escaped twice; a new row of a matrix is followed by a third backslash.
    r"(?<!\\)\\\\(?=(?:left|right|[dt]?frac|sqrt|text|mathrm|mathbf|boxed|cdot|times|pi|leq?|geq?|infty|cup|circ|begin|end|pm"
    r"|theta|alpha|beta|lambda|quad|sin|cos|tan|ln|log|pmod|binom)(?![A-Za-z]))"
)
_WRAPPERS = (
    r"\\(?:text|textrm|textbf|textit|textsf|textnormal|texttt|textup|emph|mathrm|mathbf|mathit|mathsf|mathtt|boldsymbol|mbox"
    r"|hbox|operatorname|ce|rm|bf)\*? ?\{"
)
_WRAPPER = re.compile(_WRAPPERS + r"([^{}]*)\}")
_WRAPPER_PART = re.compile(_WRAPPERS + r"|\\[{}]|[{}]")
_MATH_DELIMITERS = re.compile(r"(?<!\\)\$+|\\[()\[\]]")
_SHORT_FRAC = re.compile(r"\\frac ?(\d)(\d)(?!\d)")
_SHORT_SCRIPT = re.compile(r"([_^])\{([A-Za-z0-9])\}")
_TIMES_TEN = re.compile(r"(?<=[0-9]) ?[xX] ?(?=10 ?\^)")
_GAP = re.compile(r"(?<=[0-9]) (?=[0-9])")

OPENING, CLOSING = "([{⟨", ")]}⟩"


@remembered
def tidy(text: str) -> str:
    """The same mathematics in one spelling, with single spaces; keeps `\\text{…}` wrappers, which may hold units."""
    text = _LONE_DOLLAR.sub(r"\1\2\\$", text) if text.count("$") == 1 else text
    text = _JOINED_DIGITS.sub(",", _NO_SPACE.sub("", _DOUBLED.sub(r"\\", text)))
    text = _SUPERSCRIPT_RUN.sub(lambda m: "^{" + "".join(_SUPERSCRIPTS[c] for c in m[0]) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda m: "_{" + "".join(_SUBSCRIPTS[c] for c in m[0]) + "}", text)
    text = _VULGAR.sub(_vulgar_fraction, text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = _FOREIGN_DIGIT.sub(lambda m: str(unicodedata.decimal(m[0])), text)
    text = _MATH_DELIMITERS.sub(" ", text).replace(r"\$", "$").replace(r"\%", "%").replace("{,}", ",")
    text = _TIMES_TEN.sub("*", text.replace("^{∘}", "°")).replace(r"\#", "#").replace("**", "^")
    text = _COMMAND.sub(lambda m: _COMMANDS.get(m[1], m[0]), text)
    text = text.replace("^{∘}", "°").replace("^∘", "°")
    text = _GLUED_WORD.sub(lambda m: f" {m[1] or m[2]} ", _SHORT_FRAC.sub(r"\\frac{\1}{\2}", text))
    return _SPACES.sub(" ", text).strip()


def unwrap(text: str) -> str:
    """Removes `\\text{…}`, `\\mathrm{…}` and their like, keeping what they hold."""
    pieces: list[str] = []
    closing: list[bool] = []  # For each open brace, whether it is a wrapper's.
    position = 0
    for match in _WRAPPER_PART.finditer(text):
        part = match[0]
        if len(part) > 2:  # The command of a wrapper; `\\{` is two characters.
            pieces.append(text[position : match.start()])
            position = match.end()
            closing.append(True)
        elif part == "{":
            closing.append(False)
        elif part == "}" and closing and closing.pop():
            pieces.append(text[position : match.start()])
            position = match.end()
    pieces.append(text[position:])
    return "".join(pieces)


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


_NAME = r"(?:\\?[A-Za-z]+'*|[π-ωΑ-Ω])(?:_ ?(?:\{[^{}]{1,20}\}|\w))?'*(?:\^ ?\{? ?-1 ?\}?)?(?:\([A-Za-z0-9, ]{1,12}\))?"
_LABEL = re.compile(
    rf"{_NAME}|\|[A-Z]{{1,3}}\||m? ?(?:\\angle|\\triangle|∠|△) ?[A-Z]{{1,4}}|[A-Z]{{1,4}}"
    rf"|\\frac ?\{{ ?{_NAME} ?\}} ?\{{ ?{_NAME} ?\}}|{_NAME} ?[:/] ?{_NAME}|\( ?{_NAME}(?: ?, ?{_NAME}){{1,5}} ?\)"
    r"|\\(?:text|mathrm) ?\{[^{}]{1,60}\}|\\(?:overline|vec|overrightarrow|hat|bar|mathbf) ?\{ ?[A-Za-z]{1,3} ?\}"
)
_PRODUCT = re.compile(r"[a-z]{2}")  # `xy` is a product, `AB` a segment, `area` a word.
_JOINS = re.compile(r"(?<![A-Za-z\\])(?:and|or|und|oder|et|ou|или|и)(?![A-Za-z])|(?<=[0-9)}]) (?:y|o) |[∧∨和或与]")
_ARITHMETIC = re.compile(r"(?:[0-9.,\s()]+[-+*/^!]|(?=\\))(?:[0-9.,\s(){}+*/^!-]|\\(?:frac|binom|sqrt))*")
_LITERAL = re.compile(r"-? ?[0-9][0-9.,]*")
_EQUALITY = re.compile(r":=|≔|==|(?<![<>!≤≥])=(?!=)|≈|∈")
_MAX_CHAIN = 12


def assignment(text: str) -> tuple[str, str]:
    """Takes `x = 5` apart as (`x`, `5`), and a chain such as `x = 2 + 3 = 5 ≈ 5.0` as (`x`, `5`).

    The name is empty where the text assigns nothing.
    """
    text = text.strip()
    signs = [match for match, _ in zip(_EQUALITY.finditer(text), range(_MAX_CHAIN + 1), strict=False)]
    if len(signs) > _MAX_CHAIN or any(char in text for char in "<>≤≥≠"):
        return "", text.lstrip("≈ ")
    signs = [match for match in signs if _outside(text, match.start())]
    if not signs:
        return "", text.lstrip("≈ ")
    starts = [0, *(match.end() for match in signs)]
    ends = [*(match.start() for match in signs), len(text)]
    sides = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if len(signs) > 1 and any(len(split_top(side)) > 1 or _JOINS.search(side) for side in sides):
        return "", text
    if len(sides) == 2 and is_label(sides[1]) and _LITERAL.fullmatch(sides[0]) and signs[0][0] == "=":
        sides.reverse()  # `3 = x`
    named = is_label(sides[0])
    worked_out = _ARITHMETIC.fullmatch(sides[0]) is not None and "=" in signs[0][0]
    if not all(sides[1:]) or not (named or worked_out or not sides[0]):
        # `1/3 ≈ 0.333` names nothing, and what stands before the sign is the exact value.
        return ("", sides[0]) if [match[0] for match in signs] == ["≈"] and sides[0] else ("", text.lstrip("≈ "))
    exact = next((place for place, match in enumerate(signs) if match[0] == "≈" and place > 0), len(signs))
    return sides[0] if named else "", sides[exact]


def is_label(text: str) -> bool:
    """Whether the text names a quantity, as `f(x)`, `|AB|` and `m_1` do, and is no value."""
    text = text.strip()
    return _LABEL.fullmatch(text) is not None and not _PRODUCT.fullmatch(text)


def _outside(text: str, place: int) -> bool:
    depth = 0
    for char in text[:place]:
        depth += (char in OPENING) - (char in CLOSING)
    return depth <= 0


def bare(answer: str) -> str:
    """Without Markdown emphasis, mathematical delimiters, quotation marks and the full stop around it."""
    answer = answer.strip()
    for _ in range(6):
        before = answer
        answer = answer.strip("*`_ \t\n\r") if not answer.startswith("_{") else answer
        if answer.endswith((".", "。", ",", ";", "，")) and not answer.endswith(".."):
            answer = answer[:-1].rstrip()
        answer = answer.rstrip("\\").rstrip() if answer.endswith("\\") else answer
        if len(answer) > 1 and answer[0] in "\"“'‘「" and answer[-1] in "\"”'’」" and answer.count(answer[0]) < 3:
            answer = answer[1:-1]
        for opening, closing in (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")):
            if len(answer) > 2 * len(opening) and answer.startswith(opening) and answer.endswith(closing):
                inner = answer[len(opening) : -len(closing)]
                answer = answer if opening in inner else inner.strip()
        if answer == before:
            break
    return answer


def _vulgar_fraction(match: re.Match[str]) -> str:
    numerator, _, denominator = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return rf"\frac{{{numerator}}}{{{denominator}}}"
