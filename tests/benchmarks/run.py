"""Benchmarks of the hot paths; one JSON line per figure, with the machine and the versions.

python tests/benchmarks/run.py [BENCHMARK] [--samples N] [--limit N] …
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

VERSIONS = ("chimera", "faststream", "aiokafka", "aiohttp", "motor", "grpcio", "protobuf")


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "benchmark",
        nargs="?",
        choices=(
            "calibration",
            "pipeline",
            "client",
            "grader",
            "limits",
            "serving",
            "similarity",
            "size",
            "spell",
            "health",
            "training",
            "all",
        ),
        default="all",
    )
    parser.add_argument("--samples", type=int, default=1200, help="accepted samples of the pipeline's build")
    parser.add_argument("--limit", type=int, default=256, help="requests in flight over all endpoints")
    parser.add_argument("--mean", type=float, default=5.0, help="mean latency of an answer in seconds")
    parser.add_argument("--sigma", type=float, default=1.0, help="sigma of the latency's logarithm")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="slots of a build")
    parser.add_argument("--settled", type=int, default=1_000, help="samples that each size settles")
    parser.add_argument("--past", type=int, default=100_000, help="filled slots of which the largest is given a past")
    parser.add_argument("--spell", type=float, default=180.0, help="seconds in which one endpoint refuses everything")
    parser.add_argument("--comparisons", type=int, default=2_000, help="answers of each kind that are graded")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="samples of a health report")
    parser.add_argument("--controls", type=int, default=800, help="controls that measure the verifier")
    parser.add_argument("--steps", type=int, default=120, help="steps of a training")
    parser.add_argument("--rounds", type=int, default=3, help="trainings that are timed")
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="statements searched")
    parser.add_argument("--requests", type=int, default=100, help="answers of a served model")
    options = parser.parse_args()

    import calibration
    import client
    import grader
    import health
    import limits
    import pipeline
    import serving
    import similarity
    import size
    import spell
    import training

    runs = {
        "calibration": calibration.run,
        "client": client.run,
        "grader": grader.run,
        "health": health.run,
        "limits": limits.run,
        "pipeline": pipeline.run,
        "serving": serving.run,
        "similarity": similarity.run,
        "size": size.run,
        "spell": spell.run,
        "training": training.run,
    }
    wanted = list(runs.values()) if options.benchmark == "all" else [runs[options.benchmark]]
    for benchmark in wanted:
        for figure in asyncio.run(benchmark(options)):
            print(json.dumps({**figure, **machine()}), flush=True)


if __name__ == "__main__":
    main()
