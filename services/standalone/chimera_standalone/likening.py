"""Relates the two statements of a line, `{a, b}`, by the verifier's rules of what is the same problem."""

import time
from collections.abc import Mapping
from typing import Any

from chimera.sample.v1 import sample_pb2
from chimera_standalone.line_tasks import text
from chimera_verifier.domain.likeness.relation import relate
from chimera_verifier.domain.shape import MAX_STATEMENT_CHARS
from chimera_verifier.embedder import SentenceEmbedder


class Likening:
    """Needs no judge and no corpus: the two statements are all that is looked at."""

    def __init__(self) -> None:
        self._embedder = SentenceEmbedder()

    async def start(self) -> None:
        """Load the embedder."""
        self._embedder.embed(["ready"])

    async def close(self) -> None:
        """Nothing is left to end."""

    async def answer(self, document: Mapping[str, Any]) -> dict[str, object]:
        """How the statements relate; ValueError if the line does not hold two."""
        first, second = _statement(document, "a"), _statement(document, "b")
        start = time.perf_counter()
        likeness = relate(first, second, self._embedder)
        return {
            "relation": sample_pb2.Relation.Name(likeness.relation).removeprefix("RELATION_").lower(),
            "method": likeness.method,
            "score": round(likeness.score, 4),
            "ms": round(1000 * (time.perf_counter() - start), 3),
        }


def _statement(document: Mapping[str, Any], field: str) -> str:
    statement = text(document, field, required=True)
    if len(statement) > MAX_STATEMENT_CHARS:
        raise ValueError(f"{field} must be at most {MAX_STATEMENT_CHARS:,} characters, not {len(statement):,}")
    return statement
