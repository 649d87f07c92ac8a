"""Mathematical notation, LaTeX or plain, read into a tree. Nothing is evaluated; what is not understood is refused."""

import re
from dataclasses import dataclass
from fractions import Fraction

from chimera_verifier.domain.latex import tidy
from chimera_verifier.domain.remembered import remembered
from chimera_verifier.domain.tokens import FUNCTIONS, NotUnderstood, Token, tokens
from chimera_verifier.domain.trees import Tree, is_deep

MAX_CHARS = 2_000
MAX_DIGITS = 1_000
_MAX_DEPTH = 40

_DECORATIONS = {"vec", "hat", "bar", "overline", "tilde", "dot", "ddot", "widehat", "underline", "overrightarrow"}
_APPLIED = {"f", "g", "F", "G"}  # Followed by a bracket, these are functions; other letters are factors.
_CONSTANTS = {"pi", "e", "i"}
_THOUSANDS = re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3})+)(?![0-9])")
_OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree, and the other one that its author may have meant, as in `1/2x`."""

    tree: Tree
    other: Tree | None = None


@remembered
def parse(text: str) -> Reading | None:
    """Reads one expression without relation signs; None if it is not understood or too large."""
    if len(text) > MAX_CHARS:
        return None
    try:
        found = tokens(_THOUSANDS.sub(lambda m: m[1].replace(",", ""), tidy(text)))
        loose = _Parser(found, tight=False)
        tree = loose.whole()
        if is_deep(tree):
            return None
        return Reading(tree, _Parser(found, tight=True).whole() if loose.ambiguous else None)
    except NotUnderstood:
        return None


class _Parser:
    """Recursive descent over the tokens, bounded in depth."""

    def __init__(self, found: list[Token], tight: bool) -> None:
        self._tokens = list(found)
        self._tight = tight  # What is written without a sign binds tighter than `/`.
        self._at = 0
        self._depth = 0
        self._bars = 0
        self.ambiguous = False

    def whole(self) -> Tree:
        tree = self._sum()
        if self._peek() is not None:
            raise NotUnderstood
        return tree

    def _peek(self, ahead: int = 0) -> Token | None:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _next_is(self, *kinds: str) -> bool:
        token = self._peek()
        return token is not None and token.kind in kinds

    def _take(self, kind: str | None = None) -> Token:
        token = self._peek()
        if token is None or (kind is not None and token.kind != kind):
            raise NotUnderstood
        self._at += 1
        return token

    def _sum(self) -> Tree:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstood
        tree = self._signed_product()
        while self._next_is("+", "-"):
            sign = self._take().kind
            right = self._signed_product()
            tree = ("sum", tree, right if sign == "+" else ("negative", right))
        self._depth -= 1
        return tree

    def _signed_product(self) -> Tree:
        negative = False
        while self._next_is("+", "-"):
            negative ^= self._take().kind == "-"
        tree = self._product()
        return ("negative", tree) if negative else tree

    def _product(self) -> Tree:
        tree = self._factor()
        divided = False
        while True:
            if self._next_is("*", "/"):
                sign = self._take().kind
                right = self._signed_factor()
                divided = sign == "/"
                while divided and self._tight and self._starts_factor():
                    right = ("product", right, self._factor())
                tree = ("product" if sign == "*" else "quotient", tree, right)
            elif self._starts_factor():
                # `1/2x` may be half of x, and `x/2y` may have both in the denominator.
                self.ambiguous |= divided
                right = self._factor()
                tree = ("product", tree, right)
            else:
                return tree

    def _signed_factor(self) -> Tree:
        negative = False
        while self._next_is("+", "-"):
            negative ^= self._take().kind == "-"
        tree = self._factor()
        return ("negative", tree) if negative else tree

    def _starts_factor(self) -> bool:
        token = self._peek()
        if token is None:
            return False
        if token.kind == "|":
            return self._bars == 0
        if token.kind == "number":
            raise NotUnderstood  # Digits apart, or a number behind what it would multiply.
        return token.kind in ("name", "function", "(", "[", "{", "∞") or (
            token.kind == "command" and token.text not in ("rfloor", "rceil", "rvert", "mod", "bmod", "pmod")
        )

    def _factor(self) -> Tree:
        tree = self._postfixed(self._atom())
        if self._next_is("^"):
            self._take()
            tree = ("power", tree, self._exponent())
            tree = self._postfixed(tree)
            if self._next_is("^"):
                raise NotUnderstood
        return tree

    def _postfixed(self, tree: Tree) -> Tree:
        while self._next_is("!", "°", "%"):
            sign = self._take().kind
            if sign == "!":
                if self._next_is("!"):
                    raise NotUnderstood
                tree = ("call", "factorial", tree)
            elif sign == "°":
                tree = ("quotient", ("product", tree, ("constant", "pi")), ("number", Fraction(180)))
            else:
                tree = ("quotient", tree, ("number", Fraction(100)))
        return tree

    def _exponent(self) -> Tree:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstood
        if self._next_is("{", "("):
            tree = self._bracketed()
        else:
            negative = False
            while self._next_is("+", "-"):
                negative ^= self._take().kind == "-"
            tree = self._postfixed(self._atom())
            if self._next_is("^"):  # A tower, read from the top.
                self._take()
                tree = ("power", tree, self._exponent())
            tree = ("negative", tree) if negative else tree
        self._depth -= 1
        return tree

    def _bracketed(self) -> Tree:
        closing = _OPENING[self._take().kind]
        bars, self._bars = self._bars, 0
        tree = self._sum()
        self._bars = bars
        self._take(closing)
        return tree

    def _atom(self) -> Tree:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name":
            return self._name(token)
        if token.kind == "function":
            return self._call(token)
        if token.kind in _OPENING:
            self._at -= 1
            return self._bracketed()
        if token.kind == "|":
            return self._absolute()
        if token.kind == "∞":
            return ("constant", "oo")
        if token.kind == "command":
            return self._construct(token.text)
        raise NotUnderstood

    def _number(self, token: Token) -> Tree:
        if len(token.text) > MAX_DIGITS or token.text.count(".") > 1 or token.text in (".", ""):
            raise NotUnderstood
        tree: Tree = ("decimal" if "." in token.text else "number", Fraction(token.text))
        if self._next_is("_"):
            raise NotUnderstood  # A number in another base.
        fraction = self._peek()
        if tree[0] == "number" and fraction is not None and fraction.text == "frac" and self._is_mixed():
            self._take()
            part = ("quotient", self._argument(), self._argument())
            return ("sum", tree, part)
        if tree[0] == "number" and fraction is not None and fraction.kind == "number" and fraction.spaced:
            after = [self._peek(1), self._peek(2)]
            if after[0] and after[0].kind == "/" and after[1] and after[1].kind == "number":
                self._at += 3
                return (
                    "sum",
                    tree,
                    ("quotient", ("number", Fraction(fraction.text)), ("number", Fraction(after[1].text))),
                )
        return tree

    def _is_mixed(self) -> bool:
        """Whether `\\frac{a}{b}` with plain numbers comes next: `2\\frac{1}{3}` is two and a third."""
        ahead, seen = 1, 0
        for _ in range(2):
            token = self._peek(ahead)
            if token is not None and token.kind == "number" and len(token.text) == 1:
                ahead, seen = ahead + 1, seen + 1
                continue
            number, closing = self._peek(ahead + 1), self._peek(ahead + 2)
            if token is None or token.kind != "{" or number is None or closing is None:
                return False
            if number.kind != "number" or "." in number.text or closing.kind != "}":
                return False
            ahead, seen = ahead + 3, seen + 1
        return seen == 2

    def _name(self, token: Token) -> Tree:
        name = token.text
        while self._next_is("'", "′"):
            self._take()
            name += "'"
        if self._next_is("_"):
            self._take()
            name += "_" + self._subscript()
            while self._next_is("'", "′"):
                self._take()
                name += "'"
        if name in _CONSTANTS:
            return ("constant", name)
        applied = name.rstrip("'") in _APPLIED or name in ("zeta", "Gamma")
        if applied and self._next_is("(") and not self._closes_at_once():
            if name in ("zeta", "Gamma"):
                return ("call", name.lower(), self._bracketed())
            return ("apply", name, *self._arguments())
        return ("name", name)

    def _closes_at_once(self) -> bool:
        token = self._peek(1)
        return token is None or token.kind == ")"

    def _subscript(self) -> str:
        if not self._next_is("{"):
            return self._take().text
        self._take()
        parts: list[str] = []
        depth = 1
        while True:
            token = self._take()
            depth += (token.kind == "{") - (token.kind == "}")
            if depth == 0:
                return "".join(parts)
            parts.append(token.text)

    def _arguments(self) -> list[Tree]:
        self._take("(")
        found = [self._sum()]
        while self._next_is(",", ";"):
            self._take()
            found.append(self._sum())
        self._take(")")
        return found

    def _call(self, token: Token) -> Tree:
        name, base, exponent = token.text, None, None
        if name == "sqrt" and self._next_is("["):
            index = self._bracketed()
            return ("call", "root", self._argument(), index)
        while self._next_is("_", "^"):
            if self._take().kind == "_":
                base = self._bracketed() if self._next_is("{", "(") else self._atom()
            else:
                exponent = self._exponent()
        if base is not None and name != "log":
            raise NotUnderstood
        if name in ("max", "min", "gcd", "lcm"):
            return ("call", name, *self._arguments())
        argument = self._argument() if name in ("sqrt", "cbrt") else self._operand()
        tree: Tree = ("call", name, argument)
        if name == "log" and base is not None:
            tree = ("quotient", ("call", "ln", argument), ("call", "ln", base))
        elif name == "lg":
            tree = ("quotient", ("call", "ln", argument), ("call", "ln", ("number", Fraction(10))))
        if exponent is None:
            return tree
        if exponent == ("negative", ("number", Fraction(1))):
            if f"arc{name}" in FUNCTIONS:
                return ("call", f"arc{name}", argument)
            raise NotUnderstood
        return ("power", tree, exponent)

    def _argument(self) -> Tree:
        """What a command takes: a group, or the next sign alone, of a number its first digit."""
        if self._next_is("{", "("):
            return self._bracketed()
        token = self._peek()
        if token is not None and token.kind == "number" and len(token.text) > 1 and token.text.isdecimal():
            before = self._tokens[self._at - 1]
            if before.kind == "command":
                first, rest = token.text[0], token.text[1:]
                self._tokens[self._at : self._at + 1] = [Token("number", first), Token("number", rest)]
        return self._atom()

    def _operand(self) -> Tree:
        """What a function without brackets is of: all factors that follow, up to the next function or sign."""
        if self._next_is("(", "{", "["):
            return self._bracketed()
        negative = False
        while self._next_is("-"):
            self._take()
            negative = not negative
        tree = self._factor()
        while self._starts_operand():
            tree = ("product", tree, self._factor())
        if self._next_is("/"):  # `sin x/2`
            self.ambiguous = True
            if self._tight:
                self._take()
                tree = ("quotient", tree, self._factor())
        return ("negative", tree) if negative else tree

    def _starts_operand(self) -> bool:
        token = self._peek()
        # `\\sin x (1+y)` is a product of two; `\\sin 2x` is of one operand.
        return token is not None and (token.kind == "name" or token.text == "frac")

    def _absolute(self) -> Tree:
        self._bars += 1
        tree = self._sum()
        self._bars -= 1
        self._take("|")
        return ("call", "abs", tree)

    def _construct(self, command: str) -> Tree:
        if command == "frac":
            return ("quotient", self._argument(), self._argument())
        if command == "binom":
            return ("call", "binomial", self._argument(), self._argument())
        if command in ("lfloor", "lceil", "lvert"):
            closing = {"lfloor": "rfloor", "lceil": "rceil", "lvert": "rvert"}[command]
            tree = self._sum()
            if self._take("command").text != closing:
                raise NotUnderstood
            return ("call", {"lfloor": "floor", "lceil": "ceil", "lvert": "abs"}[command], tree)
        if command in _DECORATIONS:
            self._take("{")
            self._at -= 1
            return ("name", f"{command} {self._subscript()}")
        if command == "angle":
            return ("name", "angle " + "".join(self._take().text for _ in range(3) if self._next_is("name")))
        raise NotUnderstood
