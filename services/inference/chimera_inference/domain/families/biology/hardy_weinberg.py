"""Hardy-Weinberg proportions with selection against the recessive phenotype for one generation."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import Answer, significant
from ...family import Family, Working, require
from ...notation import Int, one_of

_ORGANISMS = ("moths", "mice", "snails", "poppies", "guppies", "beetles", "lizards", "field crickets", "snapdragons")


@dataclass(frozen=True, slots=True)
class Population:
    """How many of a sample show the recessive trait, and the percentage of them that survives."""

    organisms: Annotated[str, one_of(_ORGANISMS)]
    recessive: Int
    sample: Int
    survival: Int


class HardyWeinberg(Family[Population]):
    """q from the recessive phenotype, one round of selection, the new q."""

    instance = Population
    wordings = (
        "In a population of {organisms} in Hardy-Weinberg equilibrium, {recessive} of {sample} newborns show a trait "
        "caused by a "
        "recessive allele of one autosomal gene. Only {survival} % of those with the trait survive to reproduce, "
        "while all others "
        "do. What is the frequency of the recessive allele among the survivors, to three significant figures?",
        "A recessive autosomal trait appears in {recessive} out of {sample} young {organisms}; before selection the "
        "genotypes are in "
        "Hardy-Weinberg proportions. Selection leaves {survival} % of the recessive homozygotes and everyone else "
        "alive. Compute the "
        "recessive allele's frequency after selection to three significant figures.",
        "Of {sample} {organisms} at birth, {recessive} are homozygous for a recessive allele at a locus in "
        "Hardy-Weinberg "
        "equilibrium. The relative fitness of these homozygotes is {survival} %, that of the other genotypes 100 %. "
        "Find the "
        "frequency of the recessive allele among the reproducing adults, to three significant figures.",
    )

    def draw(self, rng: Random) -> Population:
        """A trait in two to forty percent."""
        sample = rng.randint(300, 5000)
        return Population(rng.choice(_ORGANISMS), int(sample * rng.uniform(0.02, 0.4)), sample, rng.randrange(5, 85, 5))

    def work(self, instance: Population) -> Working:
        """q' = (pq + w·q²) / (1 - (1 - w)·q²)."""
        require(0 < instance.recessive < instance.sample and 0 <= instance.survival <= 100, "a part of the sample")
        square, w = instance.recessive / instance.sample, instance.survival / 100
        q = square**0.5
        p = 1 - q
        mean = 1 - (1 - w) * square
        after = (p * q + w * square) / mean
        shares = [p * p / mean, 2 * p * q / mean, w * square / mean]
        return Working(
            answer=Answer("number", significant(after, 3), tolerance=0.01),
            plan="In Hardy-Weinberg proportions the recessive phenotype has frequency q². I take its root, weight "
            "the three genotypes "
            "with their survival, and count recessive alleles among the survivors.",
            steps=(
                f"q² = {instance.recessive}/{instance.sample} = {significant(square)}, so q = {significant(q)} and p = "
                f"{significant(p)}.",
                f"Genotypes at birth: AA {significant(p * p)}, Aa {significant(2 * p * q)}, aa {significant(square)}.",
                f"Survivors as a share of all born: 1 - (1 - {w:g})·{significant(square)} = {significant(mean)}.",
                f"Recessive alleles among them: (pq + {w:g}·q²)/{significant(mean)} = ({significant(p * q)} + "
                f"{significant(w * square)})/{significant(mean)} = {significant(after)}.",
            ),
            checks=(
                f"The genotype shares among survivors are {', '.join(significant(s) for s in shares)}, which add up to "
                f"{sum(shares):.4f}; half the second plus the third is {significant(shares[1] / 2 + shares[2])}.",
                f"Selection acts against the recessive allele, and indeed {significant(after)} is below "
                f"{significant(q)}.",
            ),
        )
