"""Public benchmarks by short names: where the hub has them and which columns hold what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chimera_client.sources.items import Fields


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A dataset on the hub. `gated` ones want their terms accepted and a token."""

    title: str
    hub_id: str
    split: str
    config: str = ""
    revision: str = "main"
    fields: Fields = field(default_factory=Fields)
    gated: bool = False


_CONTEST = Fields(statement="problem", answer="answer")

BENCHMARKS: Mapping[str, Benchmark] = {
    "aime24": Benchmark("AIME 2024", "HuggingFaceH4/aime_2024", "train", fields=_CONTEST),
    "aime25": Benchmark("AIME 2025", "MathArena/aime_2025", "train", fields=_CONTEST),
    "aime26": Benchmark("AIME 2026", "MathArena/aime_2026", "train", fields=_CONTEST),
    "hmmt-feb25": Benchmark("HMMT February 2025", "MathArena/hmmt_feb_2025", "train", fields=_CONTEST),
    "hmmt-nov25": Benchmark("HMMT November 2025", "MathArena/hmmt_nov_2025", "train", fields=_CONTEST),
    "gpqa-diamond": Benchmark(
        "GPQA Diamond",
        "Idavidrein/gpqa",
        "",
        config="gpqa_diamond",
        gated=True,
        fields=Fields(
            statement="Question",
            answer="Correct Answer",
            subject="Subdomain",
            item_id="Record ID",
            wrong_answers=("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"),
        ),
    ),
    "hle": Benchmark(
        "Humanity's Last Exam, its problems without pictures",
        "cais/hle",
        "test",
        gated=True,
        fields=Fields(statement="question", answer="answer", subject="category", item_id="id", left_out="image"),
    ),
    "math-500": Benchmark("MATH-500", "HuggingFaceH4/MATH-500", "test", fields=_CONTEST),
    "gsm8k": Benchmark(
        "GSM8K",
        "openai/gsm8k",
        "test",
        config="main",
        fields=Fields(statement="question", answer="answer", answer_after="####"),
    ),
    "mmlu-pro": Benchmark(
        "MMLU-Pro",
        "TIGER-Lab/MMLU-Pro",
        "test",
        fields=Fields(
            statement="question", answer="answer", subject="category", item_id="question_id", choices="options"
        ),
    ),
}


def find(name: str) -> Benchmark | None:
    """The benchmark of a short name, however its words are joined and its year is written: `AIME_2024` is `aime24`."""
    return next((found for known, found in BENCHMARKS.items() if _key(known) == _key(name)), None)


def _key(name: str) -> str:
    return re.sub(r"20(?=2\d$)", "", re.sub(r"[^a-z0-9]", "", name.lower()))
