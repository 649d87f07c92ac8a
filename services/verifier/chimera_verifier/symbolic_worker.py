"""The symbolic checker's process: one question a line on standard input, one answer a line on standard output.

Started by `SymbolicPool` alone. It bounds its own memory and processor time before it reads anything, so that whatever
a model wrote can at worst end this process. Math-Verify's own time limits stay off: they answer "different" when they
strike.
"""

import json
import random
import resource
import sys
from typing import Any

MEMORY_BYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 30
CPU_SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
READY = "ready"
_WARM_UP = (  # The parser builds its tables as it meets each form, which takes up to 0.2 s.
    (r"\sum_{k=1}^{3} \frac{x^{k}-1}{x-1}", r"\int_0^1 \sqrt{8} x dx"),
    (r"\lim_{n \to 0} \sin(2x)", r"\lim_{n \to 0} e^{-a_{1} \cdot t}\ln(x)"),
    (r"\frac{x^{2}-1}{x-1}", "x+1"),
    ("y=2x", "xy=2x^2"),
)
_DIGITS = 30  # Of the arithmetic, far beyond what cancellation costs in answers of a few terms.
_SAME, _DIFFERENT = 1e-15, 1e-8  # Relative; in between nothing is claimed.
_ROUNDED = 5e-3  # A decimal this near an exact value may be its rounding, which is not for arithmetic to accept.
_SAMPLES = 3  # Of each kind.
_MIN_SAMPLES = 5


def main() -> None:
    """Answers `true`, `false` or `null` until standard input ends."""
    _limit_process()
    for reference, candidate in _WARM_UP:
        _answer({"reference": reference, "candidate": candidate, "relative": 0.0, "absolute": 0.0, "checkable": True})
    print(READY, flush=True)
    for line in sys.stdin:
        _limit_next_question()
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(question: dict[str, Any]) -> bool | None:
    try:
        return _equal(question)
    except MemoryError:
        raise
    except Exception:
        return None


def _limit_process() -> None:
    for kind, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _set_limit(kind, value)
    sys.setrecursionlimit(2_000)


def _limit_next_question() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1)


def _set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _equal(question: dict[str, Any]) -> bool | None:
    """By the platform's own grammar where it knows both texts, by Math-Verify's where it does not."""
    from chimera_verifier.domain.relations import comparable
    from chimera_verifier.domain.syntax import parse
    from chimera_verifier.evaluation import same_value
    from chimera_verifier.solving import same_relation

    texts = question["reference"], question["candidate"]
    relations = [comparable(text) for text in texts]
    if relations[0] is not None and relations[1] is not None:
        return same_relation(relations[0], relations[1])
    readings = [parse(text) for text in texts]
    if readings[0] is not None and readings[1] is not None:
        return same_value(readings[0], readings[1], question["relative"], question["absolute"])
    return _same_by_sympy(question) if question["checkable"] else None


def _same_by_sympy(question: dict[str, Any]) -> bool | None:
    from chimera_verifier.domain.symbols import to_latex

    question = {**question, "reference": to_latex(question["reference"]), "candidate": to_latex(question["candidate"])}
    reference, candidate = _parse(question["reference"]), _parse(question["candidate"])
    if reference is None or candidate is None:
        return None
    if reference == candidate:
        return True
    if reference.is_Relational or candidate.is_Relational:
        return _same_relation(reference, candidate)
    return _same_value(reference, candidate, question["relative"], question["absolute"])


def _parse(latex: str) -> Any:
    """By Math-Verify's parser, without its search for an answer in prose, which drops units and trailing words."""
    from latex2sympy2_extended import latex2sympy
    from math_verify.grader import should_treat_as_complex
    from sympy import Expr
    from sympy.core.relational import Relational

    expression = latex2sympy(
        latex, is_real=not should_treat_as_complex(latex), convert_degrees=False, normalization_config=None
    )
    return expression if isinstance(expression, Expr | Relational) else None


def _same_relation(reference: Any, candidate: Any) -> bool | None:
    """Equations agree if one is a multiple of the other; that two others differ is not claimed."""
    from sympy import Eq, simplify

    if not (isinstance(reference, Eq) and isinstance(candidate, Eq)):
        return None
    quotient = simplify((reference.lhs - reference.rhs) / (candidate.lhs - candidate.rhs))
    return True if quotient.is_number and quotient.is_nonzero and quotient.is_finite else None


def _same_value(reference: Any, candidate: Any, relative: float, absolute: float) -> bool | None:
    symbols = sorted(reference.free_symbols | candidate.free_symbols, key=str)
    if not symbols:
        return _same_constant(reference, candidate, relative, absolute)
    doubt = _doubt(reference, candidate)
    verdicts = [
        [_agree_at(reference, candidate, point, relative, doubt) for point in kind] for kind in _points(symbols)
    ]
    if any(False in kind for kind in verdicts):
        # Variables may be meant to be positive, or whole, and another letter may be another name for the same thing:
        # a difference counts only where none of that explains it.
        everywhere = all(False in kind for kind in verdicts)
        return False if everywhere and reference.free_symbols == candidate.free_symbols else None
    if sum(kind.count(True) for kind in verdicts) < _MIN_SAMPLES or True not in verdicts[0]:
        return None
    return True if relative or _verified(reference, candidate) else None


def _points(symbols: list[Any]) -> list[list[dict[Any, Any]]]:
    """Random points whose coordinates have either sign, are positive, and are whole."""
    from sympy import Integer, Rational

    draw = random.Random(0)  # noqa: S311 - points of a numerical test, the same in every run
    return [
        [{symbol: Rational(draw.randint(-3000, 3000) or 7, 1009) for symbol in symbols} for _ in range(_SAMPLES)],
        [{symbol: Rational(draw.randint(1, 3000), 1009) for symbol in symbols} for _ in range(_SAMPLES)],
        [{symbol: Integer(draw.randint(2, 9)) for symbol in symbols} for _ in range(_SAMPLES)],
    ]


def _verified(reference: Any, candidate: Any) -> bool:
    from math_verify import verify

    return bool(verify(reference, candidate, timeout_seconds=None))


def _same_constant(reference: Any, candidate: Any, relative: float, absolute: float) -> bool | None:
    left, right = _value(reference, {}), _value(candidate, {})
    if left is None or right is None:
        return None
    difference, scale = abs(left - right), abs(left)
    if difference <= max(absolute, relative * scale, _SAME * scale):
        return True
    return None if difference <= _doubt(reference, candidate) * scale and not relative else False


def _doubt(reference: Any, candidate: Any) -> float:
    from sympy import Float

    return _ROUNDED if reference.atoms(Float) or candidate.atoms(Float) else _DIFFERENT


def _agree_at(reference: Any, candidate: Any, point: dict[Any, Any], relative: float, doubt: float) -> bool | None:
    left, right = _value(reference, point), _value(candidate, point)
    if left is None or right is None:
        return None
    difference, scale = abs(left - right), max(abs(left), abs(right))
    if difference <= max(_SAME, relative) * scale:
        return True
    return False if difference > max(doubt, relative) * scale else None


def _value(expression: Any, point: dict[Any, Any]) -> Any:
    """A complex number of `_DIGITS` digits; None where the expression has no finite value."""
    value = expression.doit().subs(point).evalf(_DIGITS)
    return value if value.is_number and value.is_finite else None


if __name__ == "__main__":
    main()
