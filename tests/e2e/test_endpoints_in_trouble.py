"""Builds whose model endpoints refuse, crawl, break off and answer nonsense."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chimera.build.v1 import build_pb2
from e2e.accounts import Accounts
from e2e.cluster import MODELS, SPARE, Cluster, cluster
from e2e.contract import Census, broken, order, samples, submit, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

TEACHER = MODELS[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    limits = {name: {"max_in_flight": 8, "timeout_seconds": 15} for name in (*MODELS, SPARE)}
    async with cluster(tmp_path_factory.mktemp("cluster"), endpoints=limits) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def calm(deployed: Cluster) -> Cluster:
    """The deployment with a teacher that does nothing wrong, and no past."""
    await deployed.reset_dials()
    await deployed.dials(latency_mean_seconds=0.1)
    await deployed.reset_stats()
    deployed.journal.forget()
    return deployed


def told_of(build: build_pb2.Build, endpoint: str) -> build_pb2.EndpointStatus:
    return next((e for e in build.progress.endpoints if e.endpoint == endpoint), build_pb2.EndpointStatus())


async def answers(deployed: Cluster, model: str) -> int:
    return int((await deployed.stats())["models"][model]["answered"])


async def until_answers(deployed: Cluster, model: str, count: int) -> None:
    async with asyncio.timeout(240):
        while await answers(deployed, model) < count:  # noqa: ASYNC110 it is another process
            await asyncio.sleep(0.2)


async def require_contract(deployed: Cluster, spec: build_pb2.BuildSpec, build: build_pb2.Build) -> None:
    mix = {build.progress.subjects[0].subject: spec.samples}
    assert not broken(spec, build, Census(mix, await samples(deployed, build.build_id)))


async def test_a_spell_of_429_starves_nobody(calm: Cluster) -> None:
    await calm.dials(latency_mean_seconds=1.0, models={SPARE: {"accuracy": 1.0}})
    spec = order(100, {"Mathematics": 1.0}, seed=701)
    for role in (spec.roles.proposer, spec.roles.solver):
        role.endpoints.append(SPARE)
    build_id = await submit(calm, spec)
    await until(calm, build_id, lambda build: build.progress.solved > 0)
    await calm.dials(models={TEACHER: {"outage_seconds": 3600}})
    before, spare_before = await answers(calm, TEACHER), await answers(calm, SPARE)
    held = await until(calm, build_id, lambda build: told_of(build, TEACHER).breaker == build_pb2.BREAKER_STATE_OPEN)
    assert "429" in told_of(held, TEACHER).reason
    await until_answers(calm, SPARE, spare_before + 16)
    during = await answers(calm, TEACHER)
    assert during <= before + 16, "what was in flight when the spell began"
    await calm.dials(models={TEACHER: {"outage_seconds": 0}})
    build = await until(calm, build_id)
    await require_contract(calm, spec, build)
    assert await answers(calm, TEACHER) > during


async def test_everything_goes_wrong_at_once(calm: Cluster) -> None:
    spec = order(40, {"Physics": 1.0}, seed=702)
    build_id = await submit(calm, spec)
    await until(calm, build_id, lambda build: build.progress.requested > 0)  # without its topics, it would end at once
    await calm.dials(
        rate_429=0.1, retry_after_seconds=0.2, rate_5xx=0.05, reset_rate=0.05, malformed_rate=0.05,
        truncated_rate=0.03, empty_rate=0.03, not_json_rate=0.03, not_completion_rate=0.03, hang_rate=0.01,
        trickle_rate=0.03, trickle_pause_seconds=0.0,
    )  # fmt: skip
    build = await until(calm, build_id)
    await require_contract(calm, spec, build)
    seen = await calm.stats()
    usage = build.progress.usage
    assert not (await Accounts(calm, build.build_id).purchases()).answered_again
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (
        seen["answered"],
        seen["usage"]["prompt_tokens"],
        seen["usage"]["completion_tokens"],
    )


# Each fails at a model of its own: what a model was last seen to do is remembered for a while.
@pytest.mark.parametrize(
    ("model", "dials", "words"),
    [
        (TEACHER, {"status": 500}, "500"),
        (MODELS[1], {"not_json_rate": 1}, "not a chat completion"),
        (SPARE, {"outage_seconds": 3600}, "429"),
    ],
)
async def test_when_every_call_fails_the_build_ends_with_the_first_cause(
    calm: Cluster, model: str, dials: dict[str, Any], words: str
) -> None:
    await calm.dials(models={model: dials})
    spec = order(40, {"Physics": 1.0}, seed=703)
    for role in (spec.roles.proposer, spec.roles.solver):
        role.endpoints[:] = [model]
    build = await until(calm, await submit(calm, spec))
    assert build.state == build_pb2.BUILD_STATE_FAILED
    assert build.stop_reason == build_pb2.STOP_REASON_ENDPOINTS_FAILING
    assert words in build.detail
    assert "\n" not in build.detail


@pytest.mark.slow
@pytest.mark.parametrize("queue", ["here", "in the server"])
async def test_waiting_for_a_slow_endpoint_is_no_failure(tmp_path: Path, queue: str) -> None:
    """One answer at a time, and the last in the queue waits several times the limit of a stage's work."""
    limit = {"max_in_flight": 1 if queue == "here" else 32}
    settings = {"CHIMERA_TIME_LIMIT_SECONDS": "3"}
    async with cluster(tmp_path, endpoints={TEACHER: limit}, settings=settings) as slow:
        await slow.dials(
            latency_mean_seconds=0.1,
            models={TEACHER: {"latency_mean_seconds": 1.2, "latency_sigma": 0, "slots": 1}},
        )
        spec = order(8, {"Physics": 1.0}, seed=705)
        build = await until(slow, await submit(slow, spec))
        await require_contract(slow, spec, build)
        assert not [reason for reason in build.progress.reasons if "TIME" in reason or "ENDPOINT" in reason]
        seen = (await slow.stats())["models"][TEACHER]
        assert seen["by_status"] == {"200": seen["answered"]}
        assert seen["first_to_last_seconds"] > 4 * 3, "it was kept busy for too short a time to show anything"
        assert seen["in_flight_seconds"] / seen["first_to_last_seconds"] >= 0.8
