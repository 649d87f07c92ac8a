"""The builds of a loop that end early: what is said, what is taken, and whose answers the next one uses."""

import pytest

from chimera.build.v1 import build_pb2
from chimera_client import AsyncClient
from chimera_client.cli.follow import Interrupts
from chimera_client.cli.loopbuilds import LoopBuilds
from chimera_client.cli.session import Session
from chimera_client.loop.file import read_loop_file
from chimera_client.loop.orders import Orders
from chimera_shared.errors import ChimeraError
from unit.client.test_loop import written as loop_file


@pytest.fixture
async def ordered(gateway, tmp_path):
    """Orders the training data of a loop whose builds end with 12 of 40 samples, when their budget is spent."""
    whole = gateway.outcome_of

    def outcome_of(spec, build_id):
        build = whole(spec, build_id)
        build.spec.CopyFrom(spec)
        build.state, build.stop_reason = build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT
        build.progress.accepted = 12
        return build

    gateway.outcome_of = outcome_of
    file = read_loop_file(loop_file(tmp_path))
    async with AsyncClient(gateway.target) as client:

        async def order(*, partial=False, generation=1):
            orders = Orders(file, generation)
            session = Session(client, Interrupts(), None)
            builds = LoopBuilds(session, partial, {}, "chimera loop run loop.yaml", as_json=True)
            return await builds.built("build", orders, orders.data(1, "e", (), (), ()))

        yield order


async def test_a_build_that_ends_early_says_what_there_is_and_how_to_go_on(ordered, gateway):
    with pytest.raises(ChimeraError) as told:
        await ordered()
    (build,) = gateway.builds.values()
    assert str(told.value).startswith(
        f"build: {build.build_id} ended with 12 of 40 samples: its budget is spent; go on with its partial dataset"
        f" {build.dataset_id}: chimera loop run loop.yaml --partial; or raise `budget`"
    )


async def test_a_partial_dataset_is_taken_if_it_is_wanted_and_found_again(ordered, gateway, capsys):
    first = await ordered(partial=True)
    assert first.state == build_pb2.BUILD_STATE_FAILED
    assert f"the partial dataset {first.dataset_id}, 12 of 40 samples: its budget is spent" in capsys.readouterr().err
    assert await ordered(partial=True) == first
    assert len(gateway.submitted) == 1


async def test_a_build_without_a_sample_is_no_dataset(ordered, gateway):
    with pytest.raises(ChimeraError):
        await ordered()
    (build,) = gateway.builds.values()
    build.dataset_id = ""
    gateway.outcome_of = lambda spec, build_id: build
    with pytest.raises(ChimeraError) as told:
        await ordered(partial=True)
    assert "--partial" not in str(told.value)
    assert len(gateway.submitted) == 2


async def test_a_run_that_does_everything_anew_uses_its_own_answers_alone(ordered, gateway):
    for generation in (1, 1, 2, 2):
        with pytest.raises(ChimeraError):
            await ordered(generation=generation)
    first, _, third, _ = gateway.builds
    assert [request.spec.ledger_of for request in gateway.submitted] == ["", first, "", third]
