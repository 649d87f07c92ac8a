"""All that can be checked about a problem, in one build over all services in this process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_client.export.rows import all_calls
from chimera_shared import usage
from chimera_shared.roles import seat
from chimera_shared.votes import pass_rate
from chimera_standalone.app import Standalone

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
LONGEST_SECONDS = 600
SAMPLES = 16
BEFORE_THE_PANEL = {
    sample_pb2.REASON_OFF_SUBJECT,
    sample_pb2.REASON_NOT_SELF_CONTAINED,
    sample_pb2.REASON_ILL_POSED,
    sample_pb2.REASON_SCREEN_UNDECIDED,
}


def order() -> build_pb2.BuildSpec:
    teacher, strong, medium, weak = (
        {"endpoints": [f"procedural-{name}"]} for name in ("teacher", "strong", "medium", "weak")
    )
    return build_pb2.BuildSpec(
        name="checked",
        samples=SAMPLES,
        seed=3,
        subjects=[{"name": "Mathematics"}, {"name": "Literature"}],
        roles={
            "proposer": teacher,
            "screeners": [medium],
            "panel": [strong | {"weight": 2}, medium, weak],
            "solver": teacher,
            "judge": strong,
            "second_judge": teacher,
            "weak": weak,
            "strong": strong,
        },
        panel_rule=build_pb2.PANEL_RULE_WEIGHTED,
        panel_threshold=0.9,
        difficulty={"solves": 3, "max_weak_pass_rate": 0.7},
        controls={"share": 0.0},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settled(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[build_pb2.Build, list[sample_pb2.Sample], int]]:
    """The build at its end, every sample of it, and how many answers its models gave."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
        for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
            patch.delenv(name, raising=False)
        yield await _built(tmp_path_factory.mktemp("checks"))


async def _built(folder: Path) -> tuple[build_pb2.Build, list[sample_pb2.Sample], int]:
    async with (
        Standalone(folder, {}) as services,
        aiohttp.ClientSession() as http,
        AsyncClient(services.gateway_target) as client,
    ):
        teacher = services.endpoints["procedural-teacher"].base_url
        dials = {"latency_mean_seconds": 0.01, "screening_error_rate": 0.15}
        async with http.put(f"{teacher}/dials", json=dials) as answer:
            assert answer.status == 200
        build_id = (await client.builds.submit(order())).build_id
        async with asyncio.timeout(LONGEST_SECONDS):
            async for told in client.builds.watch(build_id):
                build = told
        samples = [sample async for sample in client.samples.list(build_id)]
        async with http.get(f"{teacher}/stats") as answer:
            answered = (await answer.json())["answered"]
        return build, [await client.samples.get(s.ref.sample_id) for s in samples], answered


async def test_every_check_leaves_its_evidence_and_every_call_is_counted_once(settled):
    build, samples, answered = settled

    assert (build.state, build.progress.accepted) == (build_pb2.BUILD_STATE_SUCCEEDED, SAMPLES)
    assert build.progress.usage.calls == answered
    for sample in samples:
        assert sample.usage == usage.of_calls(all_calls(sample))
    accepted = [sample for sample in samples if sample.outcome == sample_pb2.OUTCOME_ACCEPTED]
    assert len(accepted) == SAMPLES
    for sample in accepted:
        validation = sample.validation
        assert [vote.weight for vote in validation.votes] == [2, 1, 1]
        assert len(validation.screenings) == 3
        assert len(validation.difficulty.weak) == len(validation.difficulty.strong) == 3
        assert (pass_rate(validation.difficulty.weak) or 0) <= 0.7
        assert {"proposer", "screener[0]", "panel[0]", "weak", "strong", "solver"} <= {
            seat(call.role) for call in all_calls(sample)
        }


async def test_what_a_check_refuses_is_asked_of_nobody_after_it(settled):
    _, samples, _ = settled
    refused = {sample.reason for sample in samples}

    assert refused & BEFORE_THE_PANEL
    assert {sample_pb2.REASON_TOO_EASY, sample_pb2.REASON_PANEL_DISAGREES} <= refused
    for sample in samples:
        validation = sample.validation
        if sample.reason in BEFORE_THE_PANEL:
            assert not validation.votes
        if sample.reason == sample_pb2.REASON_PANEL_DISAGREES:
            assert not validation.HasField("difficulty")
        if sample.reason == sample_pb2.REASON_TOO_EASY:
            assert not validation.difficulty.strong
        assert sample.HasField("solution") == (sample.outcome == sample_pb2.OUTCOME_ACCEPTED)


async def test_two_judges_are_asked_where_no_rule_decides(settled):
    _, samples, _ = settled
    judged = [
        vote.grade
        for sample in samples
        for votes in (sample.validation.votes, sample.validation.difficulty.weak)
        for vote in votes
        if vote.grade.method == "judge"
    ]

    assert judged
    for grade in judged:
        assert [call.role for call in grade.calls] == ["judge", "second_judge"]
        assert len(grade.judgements) == 2
