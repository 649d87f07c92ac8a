"""How long statements, solutions and reasoning are."""

import re

from chimera.sample.v1 import sample_pb2
from chimera_client.lengths import Lengths
from chimera_client.report.model import Bin, Distribution

BINS = 20
WORD = re.compile(r"\w+|[^\w\s]")
"""A word or a sign. Not a model's token: no tokenizer is assumed."""

CHARACTERS, WORDS, TOKENS = "characters", "words and signs", "tokens"


class SizeCounter:
    """Counts sizes of accepted samples. Tokens are those that the solver's endpoint counted."""

    def __init__(self) -> None:
        self._sizes = {
            ("Statement", CHARACTERS): Lengths(),
            ("Statement", WORDS): Lengths(),
            ("Solution", CHARACTERS): Lengths(),
            ("Reasoning", CHARACTERS): Lengths(),
            ("Reasoning and solution", TOKENS): Lengths(),
        }

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one accepted sample."""
        solution, statement = sample.solution, sample.problem.statement
        self._sizes["Statement", CHARACTERS].add(len(statement))
        self._sizes["Statement", WORDS].add(len(WORD.findall(statement)))
        self._sizes["Solution", CHARACTERS].add(len(solution.text))
        if solution.reasoning:
            self._sizes["Reasoning", CHARACTERS].add(len(solution.reasoning))
        if solution.calls:
            self._sizes["Reasoning and solution", TOKENS].add(solution.calls[-1].usage.output_tokens)

    def result(self) -> list[Distribution]:
        """The distributions that have any size."""
        return [distribution(name, unit, sizes) for (name, unit), sizes in self._sizes.items() if sizes.count]


def distribution(name: str, unit: str, sizes: Lengths) -> Distribution:
    """Sizes as the report holds them."""
    return Distribution(
        name=name,
        unit=unit,
        count=sizes.count,
        smallest=sizes.smallest,
        median=sizes.quantile(0.5),
        mean=round(sizes.mean, 2),
        p95=sizes.quantile(0.95),
        largest=sizes.largest,
        bins=[Bin(low=found.low, high=found.high, count=found.count) for found in sizes.histogram(BINS)],
    )
