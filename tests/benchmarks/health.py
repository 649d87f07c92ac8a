"""The health report of a large dataset: processor time a sample, and memory that does not grow with the samples."""

import argparse
import multiprocessing
import random
import resource
import time
from typing import Any

from chimera_client.report.files import texts
from chimera_client.report.gather import Gatherer
from chimera_shared.testing.samples import make_build, make_dataset, make_samples

WORDS = 20_000
STATEMENT_WORDS, REASONING_WORDS = 60, 1_500


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One figure a size, each in a process of its own, so that its peak is its own."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return [figure for size in options.rows for figure in pool.map(measure, [size], chunksize=1)]


def measure(rows: int) -> dict[str, Any]:
    """Count and draw a report of statements that have no pattern, which is the hardest for templates."""
    build, draws = make_build(rows), random.Random(7)
    words = ["".join(draws.choices("abcdefghijklmnopqrstuvwxyz", k=draws.randint(2, 9))) for _ in range(WORDS)]
    reasoning = " ".join(draws.choices(words, k=REASONING_WORDS))
    gatherer, counting = Gatherer(str), 0.0
    for sample in make_samples(build):
        sample.problem.statement = " ".join(draws.choices(words, k=STATEMENT_WORDS))
        sample.solution.reasoning = reasoning
        sample.ref.topic = f"topic {draws.randrange(72)}"
        before = time.process_time()
        gatherer.add(sample)
        counting += time.process_time() - before
    counted_mib = peak_mib()
    before = time.process_time()
    report = gatherer.report(build, make_dataset(build), all_tried=True)
    characters = sum(len(text) for _, text in texts(report))
    return {
        "benchmark": "health report",
        "rows": rows,
        "processor_us_per_row": round(1e6 * counting / rows),
        "processor_s_to_finish": round(time.process_time() - before, 1),
        "peak_mib_counting": counted_mib,
        "peak_mib": peak_mib(),
        "characters_written": characters,
    }


def peak_mib() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
