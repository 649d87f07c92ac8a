"""The grader against cases with known verdicts, hostile ones included. `never` stands for anything but correct."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chimera.sample.v1 import sample_pb2
from chimera_verifier.grader import Grader
from chimera_verifier.symbolic import SymbolicPool

CASES = [json.loads(line) for line in Path(__file__).with_name("golden.jsonl").read_text("utf-8").splitlines()]
VERDICTS = {
    sample_pb2.VERDICT_CORRECT: "correct",
    sample_pb2.VERDICT_INCORRECT: "incorrect",
    sample_pb2.VERDICT_UNKNOWN: "unknown",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def grader() -> AsyncIterator[Grader]:
    async with SymbolicPool() as pool:
        yield Grader(pool)


def reference(case: dict[str, object]) -> sample_pb2.Answer:
    return sample_pb2.Answer(
        type=sample_pb2.AnswerType.Value(f"ANSWER_TYPE_{str(case['type']).upper()}"),
        value=case["gold"],
        unit=case.get("unit", ""),
        tolerance=case.get("tolerance", 0.0),
        choices=case.get("choices", []),
    )


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=[f"{case['type']}-{case['reason']}" for case in CASES])
async def test_verdict(grader: Grader, case: dict[str, object]) -> None:
    grade = await grader.grade(reference(case), str(case["pred"]))
    verdict = VERDICTS[grade.verdict]
    assert grade.reason
    if case["expect"] == "never":
        assert verdict != "correct", grade
    else:
        assert verdict == case["expect"], grade


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("value", sorted({str(case["gold"]) for case in CASES}))
async def test_every_reference_is_equal_to_itself(grader: Grader, value: str) -> None:
    case = next(case for case in CASES if case["gold"] == value)
    grade = await grader.grade(reference(case), rf"\boxed{{{value}}}")
    assert VERDICTS[grade.verdict] == "correct", grade
