"""The signs, numbers, names and commands of which mathematical notation is made."""

import re
from dataclasses import dataclass

_MAX_TOKENS = 1_000
_MAX_PRODUCT_LETTERS = 3  # A longer word is prose, not a product of its letters.

FUNCTIONS = {
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "arccot", "arcsec", "arccsc", "sinh",
    "cosh", "tanh", "coth", "sech", "csch", "arcsinh", "arccosh", "arctanh", "exp", "ln", "log", "lg", "sqrt", "cbrt",
    "gamma", "zeta", "erf", "erfc", "max", "min", "gcd", "lcm", "abs", "floor", "ceil", "sgn", "re", "im",
}  # fmt: skip
_ALIASES = {
    "tg": "tan", "ctg": "cot", "cosec": "csc", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "arctg": "arctan",
    "arcctg": "arccot", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "sh": "sinh", "ch": "cosh", "th": "tanh", "Gamma": "gamma",
    "ceiling": "ceil", "sign": "sgn", "Re": "re", "Im": "im",
}  # fmt: skip
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ℏ": "hbar", "ħ": "hbar", "ℓ": "ell",
}  # fmt: skip
_SYMBOLS = {*GREEK.values(), "varepsilon", "vartheta", "varphi", "varrho", "Pi", "Upsilon", "upsilon", "nabla", "imath"}
_SAME_SYMBOL = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varrho": "rho"}
_PLAIN_SYMBOLS = {*_SYMBOLS, "pi"} - {"im", "re", "nu", "mu", "xi", "eta", "iota", "ell"} | {"nu", "mu", "xi", "eta"}
_WRAPPERS = {"text", "textrm", "textbf", "textit", "textsf", "textnormal", "mathrm", "mathbf", "mathit", "mathsf",
             "mathcal", "mathbb", "mathfrak", "boldsymbol", "bm", "mbox", "hbox", "operatorname", "mathop"}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|\\(?P<command>[A-Za-z]+)\*?|(?P<word>[A-Za-z]+)|(?P<sign>\\?.))",
    re.DOTALL,
)
_WRAPPED = re.compile(r"\s*\{([^{}]{0,80})\}")


class NotUnderstood(Exception):
    """The text is no expression that this grammar knows."""


@dataclass(frozen=True, slots=True)
class Token:
    """One sign, number, name, function or command, and whether a space stood before it."""

    kind: str  # "number", "name", "function", "command" or the sign itself.
    text: str
    spaced: bool = False


def tokens(text: str) -> list[Token]:
    """The tokens in their order. NotUnderstood if a word is none that mathematics uses, or there are too many."""
    found: list[Token] = []
    position = 0
    while position < len(text) and (match := _TOKEN.match(text, position)):
        spaced = match.end() - match.start() > len(match[0].lstrip())
        position = match.end()
        if number := match["number"]:
            found.append(Token("number", number, spaced))
        elif command := match["command"]:
            wrapped = _WRAPPED.match(text, position) if command in _WRAPPERS else None
            if wrapped:
                position = wrapped.end()
                found += _wrapped(" ".join(wrapped[1].split()), spaced)
            elif command not in _WRAPPERS:
                found += _command(command, spaced)
        elif word := match["word"]:
            found += _word(word, spaced)
        elif (sign := match["sign"]) and not sign.isspace():
            found.append(Token("name", GREEK[sign], spaced) if sign in GREEK else _sign(sign, spaced))
        if len(found) > _MAX_TOKENS:
            raise NotUnderstood
    return found


def _sign(sign: str, spaced: bool) -> Token:
    if sign == "π":
        return Token("name", "pi", spaced)
    if sign in ("√", "∛"):
        return Token("function", "sqrt" if sign == "√" else "cbrt", spaced)
    return Token(sign, sign, spaced)


def _command(command: str, spaced: bool) -> list[Token]:
    name = _ALIASES.get(command, command)
    if name in FUNCTIONS and command not in ("gamma", "zeta"):
        return [Token("function", name, spaced)]
    if command == "zeta":
        return [Token("name", "zeta", spaced)]
    if command in _SYMBOLS:
        return [Token("name", _SAME_SYMBOL.get(command, command), spaced)]
    return [Token("command", command, spaced)]


def _wrapped(content: str, spaced: bool) -> list[Token]:
    name = _ALIASES.get(content, content)
    if name in FUNCTIONS:
        return [Token("function", name, spaced)]
    if re.fullmatch(r"[0-9.]+", content):
        return [Token("number", content, spaced)]
    if re.fullmatch(r"[A-Za-z]{1,20}", content):
        return [Token("name", content, spaced)]
    raise NotUnderstood


def _word(word: str, spaced: bool) -> list[Token]:
    """A known name as a whole; letters one by one where the word is short enough to be a product."""
    name = _ALIASES.get(word, word)
    if word in _PLAIN_SYMBOLS:
        return [Token("name", _SAME_SYMBOL.get(word, word), spaced)]
    if name in FUNCTIONS and (len(word) > 2 or word in ("ln", "lg", "tg")):
        return [Token("function", name, spaced)]
    if word in ("oo", "inf", "infty", "infinity"):
        return [Token("∞", "∞", spaced)]
    if len(word) > _MAX_PRODUCT_LETTERS:
        for size in (6, 5, 4, 3, 2):  # `xsin`, as some write who leave out spaces.
            if word[-size:] in FUNCTIONS and 0 < len(word) - size <= 2:
                letters = [Token("name", letter, spaced) for letter in word[:-size]]
                return [*letters, Token("function", word[-size:])]
        raise NotUnderstood
    return [Token("name", letter, spaced and place == 0) for place, letter in enumerate(word)]
