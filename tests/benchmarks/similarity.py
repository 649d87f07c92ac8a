"""Finding duplicates: how well on labelled pairs, and how long among up to a million statements."""

import argparse
import asyncio
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from alike import DIFFERENT, VARIANT, groups, measure
from chimera_shared.testing.logs import MemoryLogs
from chimera_verifier.domain.likeness.sketch import key
from chimera_verifier.embedder import SentenceEmbedder
from chimera_verifier.reader import Reader, Statement
from chimera_verifier.statements import Shelf, Statements, document_of

CHECKS = 30
EMBEDDED = 2_000
"""So many synthetic statements are embedded; the others are these with some noise on their vectors."""
_THINGS = ["apples", "lamps", "stones", "books", "coins", "shells", "tickets", "ropes", "tiles", "bricks"]
_ASKED = ["sum", "product", "median", "variance", "range", "mean"]


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    embedder = SentenceEmbedder()
    figures = [_quality(split, embedder) for split in ("dev", "held")]
    for size in options.items:
        figures.append(await _search(size, embedder))
    return figures


def _quality(split: str, embedder: SentenceEmbedder) -> dict[str, Any]:
    found = measure(split, embedder)
    return {
        "benchmark": "similarity.relation",
        "split": split,
        "pairs": found.pairs.total(),
        "duplicate_precision": round(found.precision, 3),
        "duplicate_recall": round(found.recall, 3),
        "variant_not_duplicate": round(found.told_apart, 3),
        "variant_recall": round(found.share(VARIANT, VARIANT), 3),
        "neighbour_different": round(found.share(DIFFERENT, DIFFERENT), 3),
        "unrelated_pairs": found.unrelated.total(),
        "unrelated_wrong": found.unrelated.total() - found.unrelated[DIFFERENT],
    }


async def _search(size: int, embedder: SentenceEmbedder) -> dict[str, Any]:
    """Checks of labelled problems against a scope of so many statements, with a duplicate of each among them."""
    logs, reader = MemoryLogs(), Reader(embedder)
    shelf = Statements(logs, reader).shelf("scope")
    problems = groups("held")
    planted = [group["text"] for group in problems]
    before = _memory_mib()
    await _fill(shelf, logs, reader, size, planted)
    asked = [next(iter(group["same"].values())) for group in problems]
    translated = [text for group in problems for how, text in group["same"].items() if len(how) == 2]
    warm = await reader.read("warm")
    await shelf.like(warm, size, frozenset())
    seconds, busy, hits = [], [], 0
    for text in (asked * CHECKS)[:CHECKS]:
        began, worked = time.perf_counter(), time.process_time()
        await shelf.like(await reader.read(text), size, frozenset())
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    for text in asked + translated:
        hits += bool(await shelf.like(await reader.read(text), size, frozenset()))
    return {
        "benchmark": "similarity.search",
        "items": size,
        "median_ms": round(float(np.median(seconds)) * 1e3, 1),
        "median_processor_ms": round(float(np.median(busy)) * 1e3, 1),
        "p95_ms": round(float(np.percentile(seconds, 95)) * 1e3, 1),
        "index_mib": round(shelf._index.bytes / 2**20, 1),
        "process_grew_mib": round(_memory_mib() - before, 1),
        "found": round(hits / len(asked + translated), 3),
    }


async def _fill(shelf: Shelf, logs: MemoryLogs, reader: Reader, size: int, planted: list[str]) -> None:
    """Sketches of as many statements; only those that can be looked at have a document."""
    drawn = np.random.default_rng(7)
    texts = [_statement(drawn) for _ in range(min(size, EMBEDDED))]
    made = [await one for one in [asyncio.ensure_future(reader.read(text)) for text in texts]]
    places = set(drawn.choice(size, len(planted), replace=False).tolist())
    originals = iter(planted)
    documents = {id(each): document_of("noise", each) for each in made}
    log = logs.logs["scope"]
    for number in range(size):
        if number in places:
            statement = await reader.read(next(originals))
            log.append(document_of(f"planted-{number}", statement))
            shelf._index.add(statement.sketch, key(statement.reading.form), key(f"planted-{number}"))
            continue
        base = made[number % len(made)]
        log.append(documents[id(base)])
        shelf._index.add(_jittered(base, drawn), number, number)
    shelf._behind = False


def _jittered(base: Statement, drawn: np.random.Generator) -> Any:
    bits = base.sketch.copy()
    flips = drawn.integers(0, 512, 40)
    np.bitwise_xor.at(bits, flips // 64, np.uint64(1) << (flips % 64).astype(np.uint64))
    return bits


def _statement(drawn: np.random.Generator) -> str:
    one, two = drawn.choice(_THINGS, 2, replace=False)
    a, b, c = drawn.integers(2, 900, 3)
    return (
        f"A shop has {a} {one} and {b} {two}. Every day {c} of the {one} are sold. "
        f"What is the {drawn.choice(_ASKED)} of the numbers of {two} left over {drawn.integers(3, 40)} days?"
    )


def _memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
