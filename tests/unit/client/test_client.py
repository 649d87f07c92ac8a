import asyncio
import threading

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client import AsyncClient, Client
from chimera_client.connection import ServerUnreachable
from chimera_shared import errors
from chimera_shared.testing.samples import make_build

SPEC = build_pb2.BuildSpec(name="small", samples=3, subjects=[build_pb2.SubjectSpec(name="Logic")])


async def test_submits_once_for_one_request_and_anew_without_one(gateway):
    async with AsyncClient(gateway.target) as client:
        first = await client.builds.submit(SPEC, "r1")
        again = await client.builds.submit(SPEC, "r1")
        other = await client.builds.submit(SPEC)
    assert first.build_id == again.build_id != other.build_id
    assert len(gateway.submitted[2].request_id) == 36


async def test_a_fork_orders_the_same_or_another_spec_with_the_builds_ledger(gateway):
    async with AsyncClient(gateway.target) as client:
        build = await client.builds.submit(SPEC, "r1")
        await client.builds.fork(build.build_id)
        await client.builds.fork(build.build_id, build_pb2.BuildSpec(samples=9, subjects=SPEC.subjects), "r9")
    same, other = (request.spec for request in gateway.submitted[1:])
    assert (same.samples, same.ledger_of) == (build.spec.samples, build.build_id)
    assert (other.samples, other.ledger_of, gateway.submitted[2].request_id) == (9, build.build_id, "r9")
    assert build.spec.ledger_of == ""


async def test_lists_every_page(gateway):
    for i in range(5):
        gateway.add(build_pb2.Build(build_id=f"b{i}", spec=SPEC, dataset_id=f"d{i}"))
    async with AsyncClient(gateway.target) as client:
        assert [build.build_id async for build in client.builds.list()] == ["b0", "b1", "b2", "b3", "b4"]


async def test_lists_samples_that_match(gateway):
    build = gateway.add(make_build(7, ["Logic", "Physics"]))
    some = next(s for s in gateway.samples.values() if s.ref.subject == "Physics")
    some.outcome, some.reason = sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_DUPLICATE
    async with AsyncClient(gateway.target) as client:
        found = client.samples.list(
            build.build_id, sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_DUPLICATE, subject="Physics"
        )
        assert [s.ref.sample_id async for s in found] == [some.ref.sample_id]
        assert len([s async for s in client.samples.list(build.build_id)]) == 7


async def test_every_wrong_field_arrives(gateway):
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(errors.InvalidInput) as caught:
            await client.builds.submit(build_pb2.BuildSpec())
    assert [v.field for v in caught.value.violations] == ["samples", "name"]


async def test_errors_keep_their_kind(gateway):
    gateway.add(make_build(name="ended"))
    build = next(iter(gateway.builds.values()))
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(errors.NotFound, match="no build b-none"):
            await client.builds.get("b-none")
        with pytest.raises(errors.NotFound):
            await client.samples.get("0" * 32)
        with pytest.raises(errors.FailedPrecondition, match="has ended"):
            await client.builds.pause(build.build_id)


async def test_an_absent_gateway_is_named_with_the_way_out():
    async with AsyncClient("127.0.0.1:9") as client:
        with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9: start one with `chimera up`"):
            await client.builds.get("b1")
        with pytest.raises(ServerUnreachable):
            await anext(client.builds.watch("b1"))


async def test_a_gateway_without_its_store_is_not_called_absent(gateway):
    gateway.failure = errors.StoreUnavailable("MongoDB does not answer")
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(errors.Transient, match="MongoDB") as caught:
            await client.builds.get("b1")
    assert not isinstance(caught.value, ServerUnreachable)


@pytest.mark.parametrize("target", ["http://127.0.0.1:1", "host", "host:0", "host:70000", "a b:1", "host:1\n"])
async def test_refuses_what_is_no_address(target):
    with pytest.raises(errors.InvalidInput, match="HOST:PORT"):
        AsyncClient(target)


async def test_watch_goes_on_where_the_gateway_fails(gateway):
    build = gateway.add(make_build())
    gateway.break_after = 2
    async with AsyncClient(gateway.target) as client:
        states = [b.state async for b in client.builds.watch(build.build_id)]
    assert states[-1] == build_pb2.BUILD_STATE_SUCCEEDED
    assert gateway.watches == 3


async def test_watch_outlives_a_restart_of_the_gateway(new_gateway):
    make, serve = new_gateway
    gateway = make()
    build = gateway.add(make_build())
    gateway.hold = asyncio.Event()
    server = serve(gateway)
    await server.__aenter__()
    port = int(server.target.rpartition(":")[2])
    async with AsyncClient(server.target) as client:
        watch = client.builds.watch(build.build_id)
        assert (await anext(watch)).state == build_pb2.BUILD_STATE_RUNNING
        await server._server.stop(0)
        gateway.hold.set()
        rest = asyncio.create_task(_states(watch))
        await asyncio.sleep(0.5)
        async with serve(gateway, port):
            assert (await asyncio.wait_for(rest, 120))[-1] == build_pb2.BUILD_STATE_SUCCEEDED


async def test_watch_gives_up_at_the_end_of_its_patience(gateway):
    build = gateway.add(make_build())
    gateway.break_after = 1_000
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(errors.Transient, match="MongoDB"):
            await asyncio.wait_for(_states(client.builds.watch(build.build_id, patience_seconds=-1)), 120)


async def test_reads_a_dataset_in_its_order(gateway):
    build = gateway.add(make_build(12))
    async with AsyncClient(gateway.target) as client:
        read = [s.ref.slot async for s in client.datasets.read(build.dataset_id)]
    assert read == [0, 1, 2, 3] * 3


async def test_exports_a_dataset_that_holds_every_sample(gateway, tmp_path):
    build = gateway.add(make_build(12))
    async with AsyncClient(gateway.target) as client:
        summary = await client.datasets.export(build.dataset_id, tmp_path / "out")
    assert summary.samples == 12
    assert (tmp_path / "out" / "manifest.json").is_file()


async def test_the_synchronous_client_does_the_same(gateway):
    build = gateway.add(make_build(5))

    def work():
        with Client(gateway.target) as client:
            assert client.builds.submit(SPEC, "r1").spec.name == "small"
            with pytest.raises(errors.NotFound):
                client.builds.get("b-none")
            states = [b.state for b in client.builds.watch(build.build_id)]
            samples = list(client.samples.list(build.build_id))
            first = next(client.datasets.read(build.dataset_id))
        client.close()
        return states, len(samples), first.ref.slot

    states, samples, slot = await asyncio.to_thread(work)
    assert states == [build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_SUCCEEDED]
    assert (samples, slot) == (5, 0)
    assert not [t for t in threading.enumerate() if t.name == "chimera-client"]


async def _states(watch):
    return [build.state async for build in watch]
