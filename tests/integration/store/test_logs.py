"""Numbered logs that several replicas append to."""

import asyncio

import pytest

from chimera_shared.mongo import Logs

pytestmark = pytest.mark.integration


async def test_a_log_has_no_gap_and_stops_at_what_is_taken(database):
    logs = Logs(database["things"])
    assert await logs.append("a", 0, [{"n": n} for n in range(450)]) == 450
    assert await logs.append("ab", 0, [{"n": 0}]) == 1

    assert await logs.append("a", 448, [{"n": "x"}, {"n": "y"}, {"n": "z"}]) == 0
    assert await logs.append("a", 450, [{"n": 450}]) == 1

    assert [document["n"] async for document in logs.read("a", 447)] == [447, 448, 449, 450]
    assert [sorted(document) async for document in logs.read("a", 450, "n")] == [["_id", "n"]]
    assert {number: d["n"] for number, d in (await logs.find("a", [3, 1, 999])).items()} == {3: 3, 1: 1}
    await logs.drop("a")
    assert [document async for document in logs.read("a", 0)] == []
    assert [document["n"] async for document in logs.read("ab", 0)] == [0]


async def test_of_replicas_that_append_at_once_each_number_has_one(database):
    async def replica(name):
        logs, known = Logs(database["things"]), 0
        waiting = [{"from": name, "n": n} for n in range(60)]
        while waiting:
            stored = await logs.append("a", known, waiting[:7])
            waiting = waiting[stored:]
            known = len([document async for document in logs.read("a", 0)])

    await asyncio.gather(*(replica(name) for name in "xyz"))

    found = [document async for document in Logs(database["things"]).read("a", 0)]
    assert [document["_id"] for document in found] == [f"a/{number:012d}" for number in range(180)]
    for name in "xyz":
        assert [d["n"] for d in found if d["from"] == name] == list(range(60))
