"""Phenotype probabilities in crosses of several independent genes."""

from dataclasses import dataclass
from fractions import Fraction
from math import comb
from random import Random
from typing import Annotated

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Notation

_GENES = "ABDEFG"
_Genotype = Annotated[str, Notation(r"(?:AA|Aa|aa)(?:BB|Bb|bb)(?:DD|Dd|dd)(?:EE|Ee|ee)?", str, str)]


@dataclass(frozen=True, slots=True)
class Cross:
    """Two genotypes over the same genes, and how many of how many offspring shall show every dominant trait."""

    mother: _Genotype
    father: _Genotype
    wanted: Int
    offspring: Int


class Crosses(Family[Cross]):
    """Multiply over genes, then a binomial over offspring."""

    instance = Cross
    wordings = (
        "Genes A, B, D and E assort independently and show complete dominance (upper case dominant). Plants {mother} "
        "and {father} are "
        "crossed. What is the probability, as an exact fraction, that exactly {wanted} of {offspring} offspring show "
        "the dominant "
        "phenotype for every gene written in the genotypes?",
        "In a cross {mother} × {father} each letter is an unlinked autosomal gene with complete dominance of the "
        "capital allele. Find "
        "the exact probability that among {offspring} independent offspring exactly {wanted} are phenotypically "
        "dominant for all "
        "the genes named.",
        "Two guinea pigs of genotypes {mother} and {father} have {offspring} young. All genes shown are unlinked, "
        "and capital alleles "
        "are completely dominant. With what exact probability do exactly {wanted} of the young show all dominant "
        "traits?",
    )

    def draw(self, rng: Random) -> Cross:
        """At least one gene segregates and none makes the wanted phenotype impossible."""
        while True:
            genes = _GENES[: rng.randint(3, 4)]
            mother, father = (
                "".join(rng.choice((g + g, g + g.lower(), g.lower() * 2)) for g in genes) for _ in range(2)
            )
            chances = _chances(mother, father)
            if all(chances) and any(chance < 1 for chance in chances):
                offspring = rng.randint(3, 6)
                return Cross(mother, father, rng.randint(1, offspring - 1), offspring)

    def work(self, instance: Cross) -> Working:
        """Exact fractions throughout."""
        mother, father, k, n = instance.mother, instance.father, instance.wanted, instance.offspring
        require(len(mother) == len(father) and 0 <= k <= n <= 20, "the same genes and at most twenty offspring")
        chances = _chances(mother, father)
        one = Fraction(1)
        for chance in chances:
            one *= chance
        answer = comb(n, k) * one**k * (1 - one) ** (n - k)
        each = [
            f"{mother[2 * i : 2 * i + 2]} × {father[2 * i : 2 * i + 2]} gives the dominant phenotype with "
            f"probability {chance}"
            for i, chance in enumerate(chances)
        ]
        return Working(
            answer=number(answer),
            plan="Unlinked genes are independent, so I find the dominant probability gene by gene and multiply. The "
            "offspring are "
            "independent too, so the number that shows all dominant traits is binomial.",
            steps=(
                f"Gene by gene: {'; '.join(each)}.",
                f"All dominant in one offspring: {' · '.join(map(str, chances))} = {one}.",
                f"Exactly {k} of {n}: C({n},{k})·({one})^{k}·({1 - one})^{n - k}, with C({n},{k}) = {comb(n, k)}.",
                f"This is {comb(n, k)}·{one**k}·{(1 - one) ** (n - k)} = {answer}.",
            ),
            checks=(
                f"As a decimal the result is about {float(answer):.4f}, between 0 and 1; the expected number of such "
                f"offspring is "
                f"{n}·{one} = {n * one}.",
                f"Summing the binomial terms over 0 to {n} gives "
                f"{sum(comb(n, j) * one**j * (1 - one) ** (n - j) for j in range(n + 1))}, so no case was lost.",
            ),
        )


def _chances(mother: str, father: str) -> list[Fraction]:
    return [
        1 - _recessive(mother[i : i + 2]) * _recessive(father[i : i + 2])
        for i in range(0, min(len(mother), len(father)), 2)
    ]


def _recessive(pair: str) -> Fraction:
    return Fraction(sum(allele.islower() for allele in pair), 2)
