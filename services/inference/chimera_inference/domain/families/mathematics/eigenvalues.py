"""Integer eigenvalues of a 3×3 matrix."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Matrix, show_matrix
from ...polynomials import show_polynomial, value_at

# No eigenvalue exceeds the greatest row sum; this bounds the search on a hostile matrix.
LARGEST = 200
Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Square:
    """A 3×3 integer matrix."""

    matrix: Matrix


class Eigenvalues(Family[Square]):
    """Roots of the characteristic polynomial among the divisors of the determinant."""

    instance = Square
    wordings = (
        "Find the set of all distinct eigenvalues of the matrix A = {matrix}, whose rows are listed in order.",
        "A linear map of R^3 has, in the standard basis, the matrix {matrix} (given row by row). Determine its "
        "spectrum, "
        "that is, the set of its eigenvalues.",
        "Let A be the 3×3 matrix with rows {matrix}. For which numbers t is the matrix A - tI singular? Give the set "
        "of "
        "all such t.",
        "The linear system of differential equations y' = Ay has the coefficient matrix A = {matrix} (rows in order). "
        "Give the set of all distinct numbers t for which y = exp(t·s)v, with s the time and v a non-zero constant "
        "vector, can be a solution.",
    )

    def draw(self, rng: Random) -> Square:
        """A triangular matrix, conjugated by unimodular shears."""
        values = rng.sample(range(-7, 8), 3)
        upper = [rng.randint(-3, 3) for _ in range(3)]
        rows = [[values[0], upper[0], upper[1]], [0, values[1], upper[2]], [0, 0, values[2]]]
        for _ in range(2):
            i, j = rng.sample(range(3), 2)
            factor = rng.choice((-2, -1, 1, 2))
            for k in range(3):
                rows[i][k] += factor * rows[j][k]
            for k in range(3):
                rows[k][j] -= factor * rows[k][i]
        return Square(tuple(tuple(row) for row in rows))

    def work(self, instance: Square) -> Working:
        """Trace, principal minors and determinant give the polynomial; integer roots are searched."""
        m = instance.matrix
        require(len(m) == 3 and all(len(row) == 3 for row in m), "a 3×3 matrix")
        trace = m[0][0] + m[1][1] + m[2][2]
        minors = [m[i][i] * m[j][j] - m[i][j] * m[j][i] for i, j in ((0, 1), (0, 2), (1, 2))]
        determinant = _determinant(m)
        polynomial = (-determinant, sum(minors), -trace, 1)
        bound = min(max(sum(map(abs, row)) for row in m), LARGEST)
        roots = [t for t in range(-bound, bound + 1) if value_at(polynomial, t) == 0]
        require(bool(roots), "integer eigenvalues")
        multiplicities = [_multiplicity(polynomial, t) for t in roots]
        require(sum(multiplicities) == 3, "only integer eigenvalues")
        factors = "".join("t" if r == 0 else f"(t - {r})" if r > 0 else f"(t + {-r})" for r in roots)
        values = [f"at t = {r} the polynomial is {value_at(polynomial, r)}" for r in roots]
        total = sum(root * count for root, count in zip(roots, multiplicities, strict=True))
        shown = show_polynomial(polynomial).replace("x", "t")
        return Working(
            answer=Answer("set", "{" + ", ".join(map(str, roots)) + "}"),
            plan="The eigenvalues are the roots of the characteristic polynomial. I build it from the trace, the "
            "principal "
            "2×2 minors and the determinant, and look for integer roots among the divisors of its constant term.",
            steps=(
                f"The trace of A = {show_matrix(m)} is {m[0][0]} + ({m[1][1]}) + ({m[2][2]}) = {trace}.",
                f"The principal 2×2 minors are {minors[0]}, {minors[1]} and {minors[2]}; their sum is {sum(minors)}.",
                f"Expanding along the first row, the determinant is {determinant}.",
                f"So det(tI - A) = {shown}, and trying integers yields the factors {factors}.",
            ),
            checks=(
                f"Substituting back: {'; '.join(values)}.",
                f"With multiplicity the roots add up to {total}, which is the trace {trace}, as it must be.",
            ),
        )


def _determinant(m: Rows) -> int:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def _multiplicity(polynomial: tuple[int, ...], root: int) -> int:
    count, coefficients = 0, list(polynomial)
    while len(coefficients) > 1 and value_at(coefficients, root) == 0:
        carried, quotient = 0, []
        for coefficient in reversed(coefficients[1:]):
            carried = carried * root + coefficient
            quotient.append(carried)
        coefficients, count = quotient[::-1], count + 1
    return count
