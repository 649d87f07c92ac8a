"""Benchmarks at the command line: imported, named by a build, and what gives one of their problems away is refused."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from e2e.commands import build_file, chimera, servers

SUBJECTS = ["Mathematics"]


def problems_of(folder: Path) -> list[str]:
    """The statements of a dataset."""
    (shard,) = (folder / "data").glob("*.parquet")
    return [row["problem"] for row in pq.read_table(shard, columns=["problem"]).to_pylist()]


async def test_a_problem_of_a_benchmark_is_refused_and_another_takes_its_place(tmp_path: Path) -> None:
    first = build_file(tmp_path / "first.yaml", name="first", samples=4, subjects=SUBJECTS)
    async with servers(tmp_path / "data") as at:
        done = await chimera("build", "run", first, "-o", tmp_path / "first", "--json", **at)
        assert done.code == 0, done
        leaked = problems_of(tmp_path / "first")[0]
        reformatted = "**Problem 7.**  " + leaked.replace(". ", ".\n\n")
        (tmp_path / "leak.jsonl").write_text(json.dumps({"id": "p7", "problem": reformatted}) + "\n")

        imported = await chimera("corpora", "import", "bench", tmp_path / "leak.jsonl", "--json", **at)
        assert imported.documents[0]["items"] == 1, imported
        found = await chimera("corpora", "find", leaked, "--benchmark", "bench", "--json", **at)
        assert [(match["relation"], match["item"]) for match in found.documents] == [("RELATION_LEAK", "p7")]

        similarity = {"benchmarks": ["bench"], "benchmark_variants": "keep"}
        second = build_file(tmp_path / "second.yaml", name="first", samples=4, subjects=SUBJECTS, similarity=similarity)
        done = await chimera("build", "run", second, "-o", tmp_path / "second", "--json", **at)
        assert done.code == 0, done
        assert done.build["progress"]["reasons"]["REASON_LEAK"] == 1, done.build["progress"]
        statements = problems_of(tmp_path / "second")
        assert len(statements) == 4
        assert leaked not in statements

        refused = await chimera(
            "samples", "list", "--build", done.build["build_id"], "--reason", "leak", "--json", **at
        )
        (sample,) = refused.documents
        (match,) = [match for match in sample["validation"]["matches"] if match["refused"]]
        assert (match["corpus"], match["item"], sample["validation"]["votes"]) == ("bench", "p7", [])

        absent = build_file(tmp_path / "absent.yaml", samples=4, similarity={"benchmarks": ["aime99"]})
        refused = await chimera("build", "run", absent, "-o", tmp_path / "absent", **at)
        assert refused.code == 2
        assert "similarity.benchmarks[0]: no corpus is named 'aime99'" in refused.complaints[0]
