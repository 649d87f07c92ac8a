"""Systems of three linear congruences with pairwise coprime moduli."""

from dataclasses import dataclass
from math import gcd, prod
from random import Random

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int

_MODULI = (5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 37, 41, 43, 47)


@dataclass(frozen=True, slots=True)
class System:
    """x ≡ r1 (mod m1), x ≡ r2 (mod m2), c·x ≡ r3 (mod m3)."""

    r1: Int
    m1: Int
    r2: Int
    m2: Int
    c: Int
    r3: Int
    m3: Int


class Congruences(Family[System]):
    """Chinese remainder theorem by successive substitution."""

    instance = System
    wordings = (
        "Find the smallest non-negative integer x that satisfies x ≡ {r1} (mod {m1}), x ≡ {r2} (mod {m2}) and "
        "{c}x ≡ {r3} (mod {m3}).",
        "An integer x leaves remainder {r1} on division by {m1} and remainder {r2} on division by {m2}, while {c}x "
        "leaves remainder {r3} on division by {m3}. What is the least non-negative such x?",
        "Let x be a non-negative integer with x mod {m1} = {r1}, x mod {m2} = {r2} and ({c}·x) mod {m3} = {r3}. "
        "Determine the smallest possible value of x.",
        "Three cogwheels have {m1}, {m2} and {m3} teeth. After x single-tooth steps the first shows tooth {r1}, the "
        "second "
        "shows tooth {r2}, and the third, which moves {c} teeth per step, shows tooth {r3}. All started at tooth 0. "
        "What "
        "is the smallest non-negative number of steps x for which this is possible?",
    )

    def draw(self, rng: Random) -> System:
        """Moduli are pairwise coprime and the coefficient is invertible."""
        m1, m2, m3 = _coprime(rng)
        c = rng.choice([k for k in range(2, m3) if gcd(k, m3) == 1])
        return System(rng.randrange(1, m1), m1, rng.randrange(1, m2), m2, c, rng.randrange(1, m3), m3)

    def work(self, instance: System) -> Working:
        """Solves the third congruence for x, then substitutes one congruence into the next."""
        s = instance
        moduli = (s.m1, s.m2, s.m3)
        require(all(1 < m < 10**6 for m in moduli), "moduli between 2 and a million")
        require(gcd(s.m1, s.m2) == gcd(s.m1 * s.m2, s.m3) == gcd(s.c, s.m3) == 1, "coprime moduli")
        require(0 <= s.r1 < s.m1 and 0 <= s.r2 < s.m2 and 0 <= s.r3 < s.m3, "reduced remainders")
        inverse = pow(s.c, -1, s.m3)
        third = inverse * s.r3 % s.m3
        k = (s.r2 - s.r1) * pow(s.m1, -1, s.m2) % s.m2
        two, m12 = s.r1 + s.m1 * k, s.m1 * s.m2
        j = (third - two) * pow(m12, -1, s.m3) % s.m3
        x = two + m12 * j
        return Working(
            answer=number(x),
            plan="The moduli are pairwise coprime, so by the Chinese remainder theorem there is exactly one solution "
            "modulo "
            f"their product {prod(moduli)}. I normalise the third congruence and then substitute one into the next.",
            steps=(
                f"Invert {s.c} modulo {s.m3}: {s.c}·{inverse} = {s.c * inverse} ≡ 1 (mod {s.m3}). Hence the third "
                f"congruence says x ≡ {inverse}·{s.r3} ≡ {third} (mod {s.m3}).",
                f"Write x = {s.r1} + {s.m1}k. The second congruence becomes {s.m1}k ≡ {s.r2} - {s.r1} ≡ "
                f"{(s.r2 - s.r1) % s.m2} (mod {s.m2}). The inverse of {s.m1} modulo {s.m2} is {pow(s.m1, -1, s.m2)}, "
                f"so "
                f"k ≡ {k} (mod {s.m2}) and x ≡ {s.r1} + {s.m1}·{k} = {two} (mod {m12}).",
                f"Write x = {two} + {m12}j. The third congruence becomes {m12 % s.m3}j ≡ {(third - two) % s.m3} "
                f"(mod {s.m3}), whose solution is j ≡ {j} (mod {s.m3}).",
                f"Therefore x = {two} + {m12}·{j} = {x}, which lies between 0 and {prod(moduli) - 1} and is thus the "
                f"smallest.",
            ),
            checks=(
                f"Division gives {x} = {s.m1}·{x // s.m1} + {x % s.m1}, {x} = {s.m2}·{x // s.m2} + {x % s.m2}, and "
                f"{s.c}·{x} = {s.c * x} = {s.m3}·{s.c * x // s.m3} + {s.c * x % s.m3}: the three required remainders.",
                f"Any other solution differs by a multiple of {prod(moduli)}, so no smaller non-negative one exists.",
            ),
        )


def _coprime(rng: Random) -> tuple[int, int, int]:
    while True:
        a, b, c = rng.sample(_MODULI, 3)
        if gcd(a, b) == gcd(a, c) == gcd(b, c) == 1:
            return a, b, c
