"""Definite integrals of cubic polynomials."""

from dataclasses import dataclass
from fractions import Fraction
from random import Random

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Polynomial
from ...polynomials import show_polynomial, value_at


@dataclass(frozen=True, slots=True)
class Integral:
    """The integral of a polynomial from low to high."""

    integrand: Polynomial
    low: Int
    high: Int


class Integrals(Family[Integral]):
    """The fundamental theorem of calculus; Simpson's rule, exact for cubics, is the check."""

    instance = Integral
    wordings = (
        "Evaluate the definite integral of f(x) = {integrand} from x = {low} to x = {high}. Give the exact value.",
        "A particle moves along a line with velocity v(x) = {integrand} (metres per second), x being the time in "
        "seconds relative to a fixed instant. What is its exact net displacement, in metres, between x = {low} and "
        "x = {high}?",
        "Let F be an antiderivative of {integrand}. Compute the exact value of F({high}) - F({low}).",
        "Find the exact signed area between the graph of y = {integrand} and the x-axis over the interval from {low} "
        "to "
        "{high}.",
    )

    def draw(self, rng: Random) -> Integral:
        """A cubic with small coefficients."""
        coefficients = (
            rng.randint(-9, 9),
            rng.randint(-9, 9),
            rng.randint(-9, 9),
            rng.choice((-5, -4, -2, -1, 1, 2, 3, 5)),
        )
        low = rng.randint(-4, 2)
        return Integral(coefficients, low, low + rng.randint(1, 5))

    def work(self, instance: Integral) -> Working:
        """Antiderivative at both ends."""
        f, low, high = instance.integrand, instance.low, instance.high
        require(len(f) <= 4, "degree at most three")
        antiderivative = (Fraction(0), *(Fraction(c, k + 1) for k, c in enumerate(f)))
        upper, lower = value_at(antiderivative, high), value_at(antiderivative, low)
        middle = Fraction(low + high, 2)
        values = [value_at(f, x) for x in (low, middle, high)]
        simpson = Fraction(high - low, 6) * (values[0] + 4 * values[1] + values[2])
        return Working(
            answer=number(upper - lower),
            plan="By the fundamental theorem of calculus I need an antiderivative and its values at the two ends.",
            steps=(
                f"Integrating term by term, each power x^k becomes x^(k+1)/(k+1): F(x) = "
                f"{show_polynomial(antiderivative)}.",
                f"At the upper end F({high}) = {upper}.",
                f"At the lower end F({low}) = {lower}.",
                f"The difference is {upper} - ({lower}) = {upper - lower}.",
            ),
            checks=(
                f"Simpson's rule is exact for cubics. With f({low}) = {values[0]}, f({middle}) = {values[1]} and "
                f"f({high}) = {values[2]} it gives ({high - low}/6)·({values[0]} + 4·({values[1]}) + ({values[2]})) = "
                f"{simpson}, the same number.",
                "Differentiating F term by term returns the integrand, so the antiderivative is right.",
            ),
        )
