"""A statement as plain words and formulas, whatever it was written in: Markdown, HTML, LaTeX or Unicode."""

import html
import re
import unicodedata

from chimera_verifier.domain.latex import tidy, unwrap

MAX_CHARS = 8_000
"""More of a statement is not compared. Problems have some hundred characters; the bound is for hostile ones."""
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0xAD])
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>")
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\s?\{[a-z*]{1,20}\}(?:\{[lcr|]{1,10}\})?|\\(?:item|noindent|label\{[^{}]*\})"
)
_LINE_MARKS = re.compile(r"(?m)^[ \t]*(?:#{1,6} |>+ ?|[-*•] |```\w*$)")
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)(.{1,2000}?)(?<=\S)[*_]{1,3}(?!\w)|`{1,3}", re.DOTALL)
_FRACTION = re.compile(r"\\frac\s?\{([^{}]{1,80})\}\s?\{([^{}]{1,80})\}")
_ROOT = re.compile(r"\\sqrt\s?\{([^{}]{1,80})\}")
_CHOOSE = re.compile(r"\\[dt]?binom\s?\{([^{}]{1,40})\}\s?\{([^{}]{1,40})\}")
_SCRIPT = re.compile(r"([_^])\s?\{([^{}]{1,40})\}")
_SIMPLE = re.compile(r"-?[\w.]+|[\w.]+\^[\w.]+|√\([\w.]+\)")
_WORDS = {"sum": "∑", "prod": "∏", "int": "∫", "mid": "|", "ldots": "…", "forall": "∀", "exists": "∃", "angle": "∠",
          "triangle": "△", "parallel": "∥", "perp": "⊥", "subset": "⊂", "notin": "∉", "equiv": "≡", "iff": "⇔",
          "implies": "⇒", "Rightarrow": "⇒", "cap": "∩", "setminus": "∖", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
          "rceil": "⌉", "ell": "l", "prime": "'", "mathbb": "", "mathcal": "", "overline": "", "bar": "", "vec": "",
          "hat": "", "mathop": "", "bmod": "mod", "pmod": "mod"}  # fmt: skip
_GREEK = {unicodedata.name(chr(code)).rsplit(" ", 1)[-1].lower(): chr(code) for code in range(0x3B1, 0x3CA)}
_COMMAND = re.compile(r"\\([A-Za-z]{1,20})")
_SIGNS = str.maketrans({"≤": "≤", "≦": "≤", "≧": "≥", "’": "'", "‘": "'", "′": "'", "‐": "-", "‑": "-", "，": ",",
                        "。": ".", "、": ",", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "∣": "|",
                        "…": " … "})  # fmt: skip
_ASCII = (("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("...", " … "), ("\\", " "), ("{", ""), ("}", ""))
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})((?:[,\u202f' ]\d{3})+)(?!\d|,\d|\.\d{3}(?!\d))")
_POINTS = re.compile(r"(?<![\d.,])(\d{1,3})((?:\.\d{3}){2,})(?![\d.])")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,(\[])(\d+),(\d{1,4})(?![\d,])(?!\s?[)\]])")
_CHATTER = re.compile(
    r"(?im)^\W{0,4}(?:(?:math(?:ematics)?\s)?(?:problem|question|exercise|task|aufgabe|frage|problème|exercice|problema|"
    r"ejercicio|pregunta|esercizio|questão|exercício|задача|вопрос|题目|問題|问题|問)\s?(?:no\.?\s?)?\d{0,4}\s?[.:)：]|"
    r"\d{1,3}[.)](?=\s+[^\W\d]))\s*"
)
_REQUEST = re.compile(
    r"(?i)(?:(?:please\s)?(?:solve|answer|consider)\sthe\s(?:following|problem|question)[^.:?!]{0,80}[.:]"
    r"|(?:please\s)?(?:give|express|write|put|provide|state|enter|return|report|box)\s(?:only\s)?(?:your|the)\s"
    r"(?:final\s)?(?:answer|result)[^.?!]{0,120}(?:[.?!]|$)"
    r"|(?:let'?s\s)?(?:think|reason)\sstep\sby\sstep[^.]{0,80}\.?|show\s(?:all\s)?your\s(?:work|reasoning)[^.]{0,60}\.?"
    r"|explain\syour\s(?:answer|reasoning)[^.]{0,60}\.?)"
)


def plain(statement: str) -> str:
    """The statement's words and formulas in one spelling; case is kept."""
    text = statement[:MAX_CHARS].encode("utf-8", "ignore").decode()
    text = html.unescape(text).translate(_INVISIBLE)
    text = _ENVIRONMENT.sub(" ", _LINE_MARKS.sub("", _TAG.sub(" ", text)))
    text = _CHATTER.sub("", _EMPHASIS.sub(lambda m: m[1] or "", text)).replace("\\\\", " ")
    text = unwrap(tidy(text)).translate(_SIGNS)
    text = _formulas(text)
    for old, new in _ASCII:
        text = text.replace(old, new)
    text = _REQUEST.sub(" ", text)
    return " ".join(text.split())


def _formulas(text: str) -> str:
    for _ in range(4):
        before = text
        text = _SCRIPT.sub(lambda m: m[1] + _grouped(m[2]), text)
        text = _ROOT.sub(lambda m: f"√({m[1]})", text)
        text = _FRACTION.sub(lambda m: f"{_grouped(m[1])}/{_grouped(m[2])}", text)
        text = _CHOOSE.sub(lambda m: f"C({m[1]},{m[2]})", text)
        if text == before:
            break
    text = re.sub(r"√\s?(\w+)", r"√(\1)", text)
    return _COMMAND.sub(lambda m: _command(m[1]), text)


def _command(name: str) -> str:
    if name.startswith("var"):
        name = name.removeprefix("var")
    if name.lower() in _GREEK:
        greek = _GREEK[name.lower()]
        return greek.upper() if name[0].isupper() else greek
    return f" {_WORDS[name]}" if name in _WORDS else f" {name} "


def _grouped(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def numbers_joined(text: str, decimal_comma: bool) -> str:
    """Thousands without their separators; decimals with a point, if the language writes them with a comma."""
    if decimal_comma:
        text = _POINTS.sub(lambda m: m[1] + m[2].replace(".", ""), text)
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    return _THOUSANDS.sub(lambda m: m[1] + re.sub(r"\D", "", m[2]), text)


_SPACING = re.compile(r"\s*([^\w\s])\s*")
_LATE = re.compile(r'["`?;!]+(?=\s|$)|["`]|[.,:](?!\d)')


def form(text: str) -> str:
    """The normal form of a plain statement: typography, case and spacing do not count, digits and operators do."""
    folded = _LATE.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_SPACING.sub(r"\1", folded).split())
