"""Which statements count as the same problem."""

import pytest

from chimera_verifier.domain.fingerprint import fingerprint


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Find x if x + 1 = 2.", "find  X if x+1=2"),
        ("What is “it”?", 'what is "it" ?'),
        ("Compute $x^2$, please.", "Compute x^2 please"),
        ("Compute x².", "Compute x^2."),
        ("**Find** the sum; then stop.", "Find the sum then stop"),
        ("ﬁnd 3 − 1", "find 3 - 1"),
        ("a\n\n b\tc", "a b c"),
    ],
)
def test_same(left: str, right: str) -> None:
    assert fingerprint(left) == fingerprint(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x+1", "x-1"), ("1.5 m", "15 m"), ("1,5", "15"), ("x^2", "x2"), ("x²", "x2"), ("n!", "n"), ("f'(x)", "f(x)"),
        ("x_1", "x1"), ("3:4", "34"), ("(1,2)", "[1,2]"), ("x<y", "x>y"), ("12", "1 2"), (r"\sin x", r"\cos x"),
        ("2*3", "23"),
        ("50%", "50"), ("|x|", "x"), ("a/b", "ab"),
    ],
)  # fmt: skip
def test_different(left: str, right: str) -> None:
    assert fingerprint(left) != fingerprint(right)


def test_is_stable() -> None:
    assert fingerprint("x + 1") == fingerprint("x+1")
    assert len(fingerprint("\ud800")) == 64
