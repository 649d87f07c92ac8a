"""How different the statements are from one another: words, phrases, templates."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from chimera.sample.v1 import sample_pb2
from chimera_client.report.draw import Draw
from chimera_client.report.frequent import Frequent
from chimera_client.report.model import Bin, Count, Diversity, Similarity
from chimera_client.report.sizes import WORD

TYPE_TOKEN_WORDS = 5_000
COMPARED = 500
"""Statements compared pair by pair: 124,750 pairs take a second."""

NEAR = 0.7
LISTED = 10
OPENING_WORDS = 4
TEMPLATE_CHARS = 300
MASKED_CHARS = 4_000
SHINGLE = 3
SIMILARITY_BINS = 10

NUMBERS = re.compile(r"[-−]?\d+(?:[.,]\d+)*(?:(?:\s*[,;]\s*|\s+and\s+)[-−]?\d+(?:[.,]\d+)*)*")
NAMES = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
LETTERS = re.compile(r"(?<![\w\\'’])(?!a\b|I\b|A [a-z])[A-Za-z](?![\w'’])")


class DiversityCounter:
    """Masks and counts every statement, and looks closely at a fixed number of them."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._templates = Frequent()
        self._openings = Frequent()

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one accepted sample."""
        template = mask(sample.problem.statement)
        self._templates.add(template[:TEMPLATE_CHARS])
        self._openings.add(" ".join(template.split(" ", OPENING_WORDS)[:OPENING_WORDS])[:TEMPLATE_CHARS])

    def result(self) -> Diversity:
        """What was found."""
        statements = self._draw.statements()
        words = [[word.lower() for word in WORD.findall(statement)] for statement in statements]
        flat = [word for statement in words for word in statement][:TYPE_TOKEN_WORDS]
        masked = [mask(statement).lower().split(" ") for statement in statements]
        return Diversity(
            statements=self._templates.total,
            drawn=len(statements),
            words=len(flat),
            type_token=round(len(set(flat)) / len(flat), 4) if flat else None,
            distinct=[distinct(words, size) for size in (1, 2, 3)],
            similarity=similarity(masked[:COMPARED]),
            templates_exact=self._templates.exact,
            templates=self._templates.distinct,
            in_repeated_templates=self._templates.repeated,
            top_templates=_counts(self._templates.top(LISTED)),
            openings=_counts(self._openings.top(LISTED)),
            phrases=_counts(_phrases(masked)),
        )


def mask(statement: str) -> str:
    """The statement's template: numbers and lists of them as #, names inside sentences as @, single letters as ?."""
    text = " ".join(statement[:MASKED_CHARS].split())
    return LETTERS.sub("?", NAMES.sub("@", NUMBERS.sub("#", text)))


def distinct(texts: Iterable[Sequence[str]], size: int) -> float | None:
    """Distinct-n (Li et al. 2016): different n-grams over all n-grams; None if there is none."""
    grams = Counter(gram for words in texts for gram in _grams(words, size))
    return round(len(grams) / grams.total(), 4) if grams else None


def similarity(texts: Sequence[Sequence[str]]) -> Similarity:
    """For each text how alike its nearest neighbour is: Jaccard's index of their sets of three words in a row."""
    sets = [frozenset(_grams(words, SHINGLE)) or frozenset({tuple(words)}) for words in texts]
    nearest = [0.0] * len(sets)
    total = pairs = 0.0
    for i, one in enumerate(sets):
        for j in range(i):
            common = len(one & sets[j])
            score = common / (len(one) + len(sets[j]) - common) if common else 0.0
            nearest[i], nearest[j] = max(nearest[i], score), max(nearest[j], score)
            total += score
            pairs += 1
    bins = Counter(min(int(score * SIMILARITY_BINS), SIMILARITY_BINS - 1) for score in nearest)
    return Similarity(
        compared=len(sets),
        mean_pair=round(total / pairs, 4) if pairs else None,
        mean_nearest=round(sum(nearest) / len(nearest), 4) if pairs else None,
        near=sum(score >= NEAR for score in nearest),
        bins=[
            Bin(low=n / SIMILARITY_BINS, high=(n + 1) / SIMILARITY_BINS, count=bins[n]) for n in range(SIMILARITY_BINS)
        ]
        if pairs
        else [],
    )


def _grams(words: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(size)), strict=False)


def _phrases(texts: Iterable[Sequence[str]]) -> list[tuple[str, int]]:
    """The phrases of three words that most texts have, and how many have them."""
    found: Counter[str] = Counter()
    for words in texts:
        found.update({" ".join(gram) for gram in _grams(words, SHINGLE)})
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(phrase, count) for phrase, count in ranked if count > 1][:LISTED]


def _counts(found: Iterable[tuple[str, int]]) -> list[Count]:
    return [Count(name=name, count=count) for name, count in found]
