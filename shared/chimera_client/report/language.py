"""In which languages statements are."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from chimera_client.report.model import Count

UNDETERMINED = "undetermined"
LEAST_CERTAINTY = 0.35
"""Below it the best of a hundred languages is a guess, as for a bare formula."""

MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$.*?\$|\\\(.*?\\\)|\\\[.*?\\\]|\\[A-Za-z]+|[\d^_=+*/{}<>|]+", re.DOTALL)


def languages(statements: Iterable[str]) -> list[Count]:
    """ISO 639-1 codes with the number of statements, the most frequent first; short formulas are undetermined."""
    found = Counter(language(statement) for statement in statements)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Count(name=name, count=count) for name, count in ranked]


def language(statement: str) -> str:
    """The language of one statement."""
    name, certainty = _identifier().classify(MATHEMATICS.sub(" ", statement))
    return str(name) if certainty >= LEAST_CERTAINTY else UNDETERMINED


@cache
def _identifier() -> Any:
    # A second and 100 MB, so not before it is needed.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
