"""Gives a build a long past: slots that are filled, counted and settled, written as the services write them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.counting import add_up
from chimera_gateway.domain.groups import SLOTS_PER_GROUP
from chimera_gateway.domain.tally import Counts, Mark, added, mark_of, mark_of_end
from chimera_gateway.store import GatewayStore
from chimera_shared import mongo
from chimera_shared.testing.samples import make_sample
from chimera_taxonomy.domain.quotas import allotted
from chimera_taxonomy.store import TaxonomyStore

_AT_ONCE = 1_600
_EVENTS = 5
"""Of a sample that is accepted."""


async def give_past(uri: str, build_id: str, slots: int) -> None:
    """Fill the next slots of a build whose services do not run."""
    client = mongo.connect(uri)
    try:
        gateway, taxonomy = client["chimera_gateway"], client["chimera_taxonomy"]
        store, tallies = GatewayStore(gateway, linger_s=0.0), gateway["tallies"]
        found = await store.build(build_id)
        assert found is not None
        build = found.build
        quotas = await TaxonomyStore(taxonomy).quotas(build_id)
        for quota, share in allotted(quotas, slots):
            position = [subject.name for subject in build.spec.subjects].index(quota.subject)
            for first in range(quota.opened, quota.opened + share, _AT_ONCE):
                indexes = range(first, min(first + _AT_ONCE, quota.opened + share))
                await _filled(taxonomy["slots"], build_id, quota.subject, indexes)
                await _counted(
                    store, tallies, [make_sample(build, quota.subject, index) for index in indexes], position
                )
            counts = dict.fromkeys(("opened", "accepted", "settled"), share)
            await taxonomy["quotas"].update_one({"_id": f"{build_id}/{quota.subject}"}, {"$inc": counts})
    finally:
        client.close()


async def _filled(slots: Any, build_id: str, subject: str, indexes: range) -> None:
    """Slots as the taxonomy leaves them."""
    fields = {"build_id": build_id, "subject": subject, "attempt": 0, "asked": 1}
    await slots.insert_many([{"_id": f"{build_id}/{subject}/{i}", "index": i, **fields} for i in indexes])


async def _counted(store: GatewayStore, tallies: Any, samples: list[sample_pb2.Sample], position: int) -> None:
    """Samples as the gateway leaves them, with everything that was told of them."""
    await asyncio.gather(*(store.settle(sample, position) for sample in samples))
    by_tally: dict[str, list[Mark]] = defaultdict(list)
    for sample in samples:
        for mark in (*map(mark_of, _told(sample)), mark_of_end(sample, position)):
            by_tally[mark.tally].append(mark)
    whole = {key: marks for key, marks in by_tally.items() if len(marks) == SLOTS_PER_GROUP * _EVENTS}
    if whole:
        await tallies.insert_many([_tally(key, marks) for key, marks in whole.items()])
    await asyncio.gather(*(store.tell(m) for key, marks in by_tally.items() if key not in whole for m in marks))
    await add_up(store, samples[0].ref.build_id)


def _tally(key: str, marks: list[Mark]) -> dict[str, Any]:
    """A group of which all is told, as it is just before it is folded."""
    counts: Counts = {}
    for mark in marks:
        added(counts, mark.counts)
    flat = {name.replace(".", "/"): value for name, value in counts.items()}
    place = {"build_id": marks[0].build_id, "subject": marks[0].subject, "group": marks[0].group}
    return {"_id": key, **place, "told": [mark.name for mark in marks], "counts": flat}


def _told(sample: sample_pb2.Sample) -> Iterator[Message]:
    carried = {"ref": sample.ref, "problem": sample.problem, "validation": sample.validation}
    yield events_pb2.ProblemRequested(ref=sample.ref)
    yield events_pb2.ProblemProposed(ref=sample.ref, problem=sample.problem)
    yield events_pb2.ProblemValidated(**carried)
    yield events_pb2.SolutionSynthesised(**carried, solution=sample.solution)
