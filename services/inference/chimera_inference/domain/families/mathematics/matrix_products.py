"""A combination of a product and a transpose of 2×2 matrices."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Int, Matrix, show_matrix

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """AB + k·Bᵀ."""

    a: Matrix
    b: Matrix
    k: Int


class MatrixProducts(Family[Combination]):
    """Product first, then the scaled transpose, then the sum."""

    instance = Combination
    wordings = (
        "Let A = {a} and B = {b}, written row by row. Compute the matrix AB + ({k})·B^T, where B^T is the transpose "
        "of B.",
        "Given the matrices A = {a} and B = {b} (rows in order), evaluate AB + ({k})B^T, with B^T denoting the "
        "transpose.",
        "Two linear maps of the plane have the matrices A = {a} and B = {b} with rows in order. Find the matrix "
        "obtained by "
        "adding ({k}) times the transpose of B to the product AB.",
    )

    def draw(self, rng: Random) -> Combination:
        """Entries of one digit."""
        a, b = (tuple(tuple(rng.randint(-9, 9) for _ in range(2)) for _ in range(2)) for _ in range(2))
        return Combination(a, b, rng.choice((-4, -3, -2, 2, 3, 4, 5)))

    def work(self, instance: Combination) -> Working:
        """Entry by entry."""
        a, b, k = instance.a, instance.b, instance.k
        require(all(len(m) == 2 and all(len(row) == 2 for row in m) for m in (a, b)), "2×2 matrices")
        ab = _product(a, b)
        scaled = tuple(tuple(k * b[j][i] for j in range(2)) for i in range(2))
        total = tuple(tuple(ab[i][j] + scaled[i][j] for j in range(2)) for i in range(2))
        entries = [
            f"entry ({i + 1},{j + 1}) is {a[i][0]}·({b[0][j]}) + {a[i][1]}·({b[1][j]}) = {ab[i][j]}"
            for i in range(2)
            for j in range(2)
        ]
        traces = [m[0][0] + m[1][1] for m in (ab, b, total)]
        return Working(
            answer=Answer("matrix", show_matrix(total)),
            plan="I compute the product row by column, transpose B and scale it, and add the two matrices entry by "
            "entry.",
            steps=(
                f"Product: {'; '.join(entries)}. So AB = {show_matrix(ab)}.",
                f"Transposing B exchanges its off-diagonal entries {b[0][1]} and {b[1][0]}; times {k} it is "
                f"{show_matrix(scaled)}.",
                f"Adding entry by entry gives {show_matrix(total)}.",
            ),
            checks=(
                f"The trace is linear and a matrix has the trace of its transpose: tr(AB) + ({k})·tr(B) = "
                f"{traces[0]} + "
                f"({k})·({traces[1]}) = {traces[0] + k * traces[1]}, and the result has trace {traces[2]}.",
                f"Determinants test the product: det A · det B = {_det(a)}·({_det(b)}) = {_det(a) * _det(b)}, and "
                f"det(AB) = {_det(ab)}.",
            ),
        )


def _product(a: Rows, b: Rows) -> Rows:
    return tuple(tuple(sum(a[i][k] * b[k][j] for k in range(2)) for j in range(2)) for i in range(2))


def _det(m: Rows) -> int:
    return m[0][0] * m[1][1] - m[0][1] * m[1][0]
