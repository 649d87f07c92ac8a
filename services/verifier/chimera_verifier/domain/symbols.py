"""What may be put to the symbolic checker, and in which spelling.

The checker's process is bounded anyway; refusing here what can only run into its bounds costs microseconds.
"""

import re

from chimera_verifier.domain.latex import balanced, tidy, unwrap

MAX_CHARS = 1_000
_MAX_DIGITS = 100
_MAX_EXPONENT_DIGITS = 4
_MAX_EXPONENT_PRODUCT = 20_000
_MAX_DEPTH = 30

_FUNCTIONS = (
    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp",
    "min", "max", "gcd", "lcm",
)  # fmt: skip
_LETTER_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Ξ": "Xi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ℏ": "hbar", "ħ": "hbar",
}  # fmt: skip
_GREEK = (*_LETTER_NAMES.values(), "varepsilon", "vartheta", "varphi", "Pi", "ell")
_STRUCTURE = (
    "frac", "sqrt", "binom", "sum", "prod", "int", "lim", "cdot", "circ", "log", "partial", "arcsec", "arccot",
    "overline", "bar", "vec", "hat", "lfloor", "rfloor", "lceil", "rceil", "pmod", "bmod", "mid",
)  # fmt: skip
_KNOWN_COMMANDS = frozenset((*_FUNCTIONS, *_GREEK, *_STRUCTURE))
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]+")
_LONG_DIGITS = re.compile(rf"[0-9]{{{_MAX_DIGITS + 1}}}")
_TOWER = re.compile(
    r"\^[\s{(\[-]*[0-9][0-9\s)}\]]*\^|\)\s*\^[^\^]{1,20}\)\s*\^[^\^]{1,20}\)\s*\^"
    r"|\^\s*\{[^{}]{0,40}\^\s*\{[^{}]{0,40}\^"
)
_EXPONENT = re.compile(r"\^[\s{(\[]*[+-]?([0-9]+)")
_HUGE_FACTORIAL = re.compile(r"[0-9]{4,}\s*!|[)}\]!]\s*!|\\binom[^+=]{0,40}(?:\^|[0-9]{4})")
_REFUSED = re.compile(
    r"[±…→$#@\"`;?≠'%†∩∪]|\.\.|\\begin|\\[{}]|\\prime|[0-9]_|[0-9][eE][+-]?[0-9]|(?<![\\A-Za-z])[A-Za-z][0-9]|^\s*$"
    r"|\^\s*\{?\s*(?:T|\*|\\top|\\dagger)(?![A-Za-z])"  # A transpose is no power.
    r"|/\s*(?:[0-9.]+|[A-Za-z])\s*[A-Za-z(\\]"  # `1/2x` may be half of x.
)
_ALLOWED_WORDS = frozenset((*_FUNCTIONS, "sqrt", "pi", "oo", "arcsinh", "e", "i", "dx", "dy", "dt", "mod"))
_BARE_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(" + "|".join(_FUNCTIONS) + r"|pi|theta|alpha|beta|gamma|lambda|omega|phi)(?![A-Za-z])"
)
_NAME = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
_MATRIX_PRODUCT = re.compile(r"(?<![\\A-Za-z])[A-Z]\s*\*?\s*[A-Z](?![a-z])")
_LOGARITHM = re.compile(r"log(?![a-z]|\s*_)")
_BARE_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)")
_EXPONENT_GROUP = re.compile(r"\^\s*(?:\(([^()]*)\)|(-?[0-9]{2,}))")
_MAX_NAME_LETTERS = 3  # Words longer than this that are no function are prose, or a name that cannot be sampled.


def is_mathematics(text: str, constants_only: bool = False) -> bool:
    """Whether the text is written in mathematical signs alone; with `constants_only`, without variables too."""
    bare = unwrap(tidy(text))
    words = [word for word in _WORD.findall(bare) if word not in _ALLOWED_WORDS and word not in _GREEK]
    if not bare or any(len(word) > _MAX_NAME_LETTERS for word in words) or " or " in bare:
        return False
    if len([word for word in words if len(word) > 1]) > 4:
        return False
    if not constants_only:
        return True
    commands = set(_COMMAND.findall(bare))
    return (
        not words
        and commands <= {*_FUNCTIONS, *_STRUCTURE, "varphi", "phi", "gamma", "zeta"}
        and any(sign in bare for sign in "0123456789πe∞i")
    )


def is_checkable(text: str) -> bool:
    """Whether the symbolic checker can say something true about the text within its bounds."""
    if len(text) > MAX_CHARS or _LONG_DIGITS.search(text) or _too_deep(text):
        return False
    bare = unwrap(tidy(text))
    if _REFUSED.search(bare) or not balanced(bare) or not is_mathematics(bare):
        return False
    if not set(_COMMAND.findall(bare)) <= _KNOWN_COMMANDS:
        return False
    return not (_TOWER.search(bare) or _HUGE_FACTORIAL.search(bare)) and _bounded_exponents(bare)


def are_comparable(reference: str, candidate: str) -> bool:
    """Whether the parser reads both texts in one language.

    It folds the case of letters, lets all factors commute, and gives `log` a base that the author may not mean.
    """
    left, right = (_NAME.findall(unwrap(tidy(text))) for text in (reference, candidate))
    names = {*left, *right}
    one_sided = {*left} ^ {*right}
    if any(name.casefold() == other.casefold() for name in one_sided for other in names - {name}):
        return False
    if (_LOGARITHM.search(reference) is None) != (_LOGARITHM.search(candidate) is None):
        return False
    ours, theirs = ([name for name in side if name.isupper()] for side in (left, right))
    products = _MATRIX_PRODUCT.search(reference) or _MATRIX_PRODUCT.search(candidate)
    return products is None or ours == theirs or sorted(ours) != sorted(theirs)


def to_latex(text: str) -> str:
    """Plain or mixed notation in the LaTeX that the checker's parser reads as it was meant."""
    bare = unwrap(tidy(text))
    bare = _BARE_ROOT.sub(r"\\sqrt{\1}", bare)
    bare = _BARE_FUNCTION.sub(r"\\\1 ", bare)
    bare = _EXPONENT_GROUP.sub(lambda match: f"^{{{match[1] or match[2]}}}", bare)
    bare = (
        bare.replace("π", r"\pi ")
        .replace("*", r" \cdot ")
        .replace("∞", r"\infty ")
        .replace("≤", r"\le ")
        .replace("≥", r"\ge ")
    )
    bare = "".join(rf"\{_LETTER_NAMES[char]} " if char in _LETTER_NAMES else char for char in bare)
    return re.sub(r"√\s*(?:\(([^()]*)\)|([0-9A-Za-z]+))", lambda match: rf"\sqrt{{{match[1] or match[2]}}}", bare)


def _too_deep(text: str) -> bool:
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH


def _bounded_exponents(text: str) -> bool:
    product = 1
    for digits in _EXPONENT.findall(text):
        if len(digits) > _MAX_EXPONENT_DIGITS:
            return False
        product *= max(1, int(digits)) if int(digits) > 20 else 1
    return product <= _MAX_EXPONENT_PRODUCT
