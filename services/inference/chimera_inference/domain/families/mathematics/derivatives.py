"""The derivative of a product of two polynomials, expanded."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Polynomial
from ...polynomials import derivative, product, show_polynomial, value_at


@dataclass(frozen=True, slots=True)
class Factors:
    """h(x) = f(x)·g(x)."""

    f: Polynomial
    g: Polynomial


class Derivatives(Family[Factors]):
    """The product rule, checked by expanding first."""

    instance = Factors
    wordings = (
        "Let f(x) = {f} and g(x) = {g}. Find the derivative of the product f(x)g(x) as a polynomial in expanded form.",
        "Differentiate h(x) = ({f})({g}) with respect to x and write h'(x) as an expanded polynomial in x.",
        "The sides of a rectangle depend on a parameter x as {f} and {g}. Determine the rate of change of the "
        "product of "
        "the two expressions with respect to x, expanded and collected by powers of x.",
    )

    def draw(self, rng: Random) -> Factors:
        """A quadratic and a quadratic or cubic."""
        f = (rng.randint(-9, 9), rng.randint(-9, 9), rng.choice((-3, -2, -1, 1, 2, 3)))
        g = (rng.randint(1, 9), rng.randint(-9, 9), rng.randint(-9, 9), rng.choice((0, 1, 2, -1)))
        return Factors(f, g[:3] if not g[3] else g) if g[2] else Factors(f, (g[0], g[1], 1))

    def work(self, instance: Factors) -> Working:
        """f'g + fg', collected."""
        f, g = instance.f, instance.g
        require(2 <= len(f) <= 8 and 2 <= len(g) <= 8, "degrees from one to seven")
        df, dg = derivative(f), derivative(g)
        left, right, whole = product(df, g), product(f, dg), derivative(product(f, g))
        return Working(
            answer=Answer("expression", show_polynomial(whole)),
            plan="The product rule says (fg)' = f'g + fg'. I differentiate the factors, expand both products and "
            "collect "
            "equal powers of x.",
            steps=(
                f"The factors are f(x) = {show_polynomial(f)} and g(x) = {show_polynomial(g)}, with derivatives "
                f"f'(x) = {show_polynomial(df)} and g'(x) = {show_polynomial(dg)}.",
                f"f'(x)g(x) = ({show_polynomial(df)})({show_polynomial(g)}) = {show_polynomial(left)}.",
                f"f(x)g'(x) = ({show_polynomial(f)})({show_polynomial(dg)}) = {show_polynomial(right)}.",
                f"Adding the two and collecting powers gives {show_polynomial(whole)}.",
            ),
            checks=(
                f"Expanding first gives f(x)g(x) = {show_polynomial(product(f, g))}, and differentiating this term "
                f"by term "
                "leads to the same polynomial.",
                f"A numerical test at x = 2: f'(2)g(2) + f(2)g'(2) = {value_at(df, 2)}·({value_at(g, 2)}) + "
                f"({value_at(f, 2)})·({value_at(dg, 2)}) = {value_at(left, 2) + value_at(right, 2)}, and the result "
                f"has "
                f"the value {value_at(whole, 2)} there.",
            ),
        )
