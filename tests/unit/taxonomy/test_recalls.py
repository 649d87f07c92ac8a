"""A recall is told as a build without subjects: there is nothing to make for it."""

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera_shared.builds import BuildTable
from chimera_shared.testing.samples import make_build
from chimera_taxonomy.handlers import Handlers


class Untouched:
    """Fails if it is asked for anything."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} is asked for")


async def test_nothing_is_made_for_a_recall():
    handlers = Handlers(Untouched(), Untouched(), Untouched(), BuildTable())
    recall = build_pb2.Build(build_id="r1", state=build_pb2.BUILD_STATE_RUNNING, spec=make_build().spec)
    recall.spec.ClearField("subjects")

    assert [event async for event in handlers.advance(events_pb2.BuildChanged(build=recall))] == []
