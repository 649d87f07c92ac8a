"""Recalls by the command line and the Python client, against a gateway that answers as the real one does."""

import asyncio
import signal

import pytest

from chimera.build.v1 import build_pb2
from chimera.recall.v1 import recall_pb2
from chimera_client import AsyncClient
from chimera_client.replacements import replacements, told_apart
from chimera_client.views.recall import recall_line
from chimera_shared.errors import InvalidInput, NotFound
from chimera_shared.testing.samples import make_build

from .test_cli import chimera, started

ROLES = build_pb2.Roles(
    panel=[{"endpoints": ["a"], "temperature": 0.2}, {"endpoints": ["b"]}], judge={"endpoints": ["j"], "max_tokens": 9}
)


@pytest.fixture
def dataset(gateway):
    build = make_build()
    build.spec.roles.judge.endpoints.append("old")
    gateway.add(build)
    return build.dataset_id


@pytest.fixture
def start(gateway, dataset, tmp_path):
    """Starts a recall by a command."""

    def command(*more):
        order = ("--judge", "m1", "--replace", "judge=new", "--reason", "it slept")
        return chimera("recalls", "start", dataset, *order, *more, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)

    return command


async def test_from_the_order_to_the_export(gateway, dataset, start, tmp_path):
    ended = await start("--yes")

    assert ended.code == 0, ended.err
    for part in ("4 of 12 samples of demo, version 1, rest on judge m1.", "judge     new (new)", "panel[0]  panel-a"):
        assert part in ended.err
    assert "3 of 4 samples passed again, 1 did not and is withdrawn." in ended.out
    command = f"chimera datasets export {dataset}-2 -o datasets/demo-v2 --gateway {gateway.target}"
    assert " ".join(ended.out.split()).count(command) == 1
    [recall] = gateway.recalls.values()
    assert (recall.evidence.role, recall.evidence.model, recall.reason) == ("judge", "m1", "it slept")
    assert [list(recall.replacements.judge.endpoints), list(recall.replacements.panel)] == [["new"], []]

    exported = await chimera(*command.split()[1:4], cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert "11 samples of version 2 are in datasets/demo-v2" in exported.out
    card = (tmp_path / "datasets/demo-v2/README.md").read_text()
    assert "**This is version 2.** It takes the place of dataset" in card
    assert "4 samples: 3 kept, 1 withdrawn" in card
    assert "pretty_name: demo, version 2" in card
    assert '"version": "2.0.0"' in (tmp_path / "datasets/demo-v2/croissant.json").read_text()
    manifest = (tmp_path / "datasets/demo-v2/manifest.json").read_text()
    for part in ('"version": 2', f'"parent_id": "{dataset}"', '"recall_id": "r0"', '"change": "4 samples: 3 kept'):
        assert part in manifest
    first = await chimera("datasets", "export", f"{dataset}-2", "--version", "1", "-o", tmp_path / "v1",
                          CHIMERA_GATEWAY=gateway.target)  # fmt: skip
    assert "12 samples are in" in first.out


async def test_nobody_is_asked_where_nobody_can_answer(gateway, start):
    ended = await start()
    assert (ended.code, gateway.recalls) == (2, {})
    assert "--yes: is needed where nobody can be asked" in ended.err


async def test_json_tells_what_is_selected_and_how_it_ends(start):
    told = (await start("--yes", "--json")).documents
    assert [document["type"] for document in told] == ["preview", "progress", "progress", "result"]
    assert told[0]["recall"]["selected"] == 4
    assert told[-1]["recall"]["state"] == "RECALL_STATE_SUCCEEDED"


async def test_a_budget_is_ordered_and_what_it_ended_says_how_to_go_on(gateway, start):
    ended = await start("--yes", "--max-calls", "1", "--max-cost", "2.5")
    assert ended.code == 1
    shown = " ".join(ended.err.split())
    assert "It ends before it exceeds $2.50 or 1 model call; if that does not suffice, nothing is published." in shown
    said = " ".join(ended.out.split())
    assert "The recall failed: the budget of 1 model calls is spent. The dataset is as before" in said
    assert "the same command again goes on, and pays for no answer twice" in said
    [recall] = gateway.recalls.values()
    assert recall.budget == build_pb2.Budget(calls=1, cost_nanousd=25 * 10**8)
    wrong = await start("--yes", "--max-calls", "0", "--max-cost", "-1")
    assert wrong.code == 2
    assert "--max-calls: must be above 0" in wrong.err
    assert "--max-cost: must be above 0" in wrong.err
    assert "--max-cost: limits money, but nothing has a price" in (await start("--yes", "--max-cost", "1")).err


async def test_ctrl_c_stops_watching_and_not_the_recall(gateway, dataset, tmp_path):
    gateway.hold = asyncio.Event()
    order = ("--judge", "m1", "--reason", "x", "--yes")
    async with started("recalls", "start", dataset, *order, CHIMERA_GATEWAY=gateway.target) as process:
        async with asyncio.timeout(120):
            await gateway.watched.wait()
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 130
    assert f"goes on; follow it with: chimera recalls watch r0 --gateway {gateway.target}" in err.decode()
    gateway.hold.set()
    watched = await chimera("recalls", "watch", "r0", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (watched.code, "3 of 4 samples passed again" in watched.out) == (0, True)


async def test_recalls_and_versions_are_listed(gateway, dataset, start):
    await start("--yes")
    where = {"CHIMERA_GATEWAY": gateway.target}
    listed = await chimera("recalls", "list", **where)
    for part in ("r0", "succeeded", "judge m1"):
        assert part in listed.out
    shown = await chimera("recalls", "show", "r0", **where)
    for part in ("it slept", "judge by new", "4: 3 kept, 1 withdrawn", f"{dataset}-2"):
        assert part in shown.out
    history = await chimera("datasets", "history", f"{dataset}-2", **where)
    for part in ("as built", "4 samples: 3 kept, 1 withdrawn", "r0"):
        assert part in history.out
    versions = (await chimera("datasets", "history", dataset, "--json", **where)).documents
    assert [(v["version"], v["parent_id"]) for v in versions] == [(1, ""), (2, dataset)]
    assert (await chimera("recalls", "show", "r9", **where)).code == 2
    wrong = await chimera("datasets", "export", dataset, "--version", "3", **where)
    assert (wrong.code, "has no version 3; its newest is version 2" in wrong.err) == (2, True)
    cancelled = await chimera("recalls", "cancel", "r0", "--json", **where)
    assert cancelled.documents[0]["state"] == "RECALL_STATE_CANCELLED"


async def test_the_python_client_does_the_same(gateway, dataset):
    async with AsyncClient(gateway.target) as client:
        evidence = {"role": "judge", "model": "m1"}
        assert (await client.recalls.preview(dataset, evidence, "x")).selected == 4
        recall = await client.recalls.start(dataset, evidence, "x", ROLES)
        states = [seen.state async for seen in client.recalls.watch(recall.recall_id)]
        assert states == [recall_pb2.RECALL_STATE_RUNNING, recall_pb2.RECALL_STATE_SUCCEEDED]
        assert [each.recall_id async for each in client.recalls.list()] == [recall.recall_id]
        assert [d.version for d in await client.datasets.history(dataset)] == [1, 2]
        assert (await client.datasets.version(dataset, 2)).recall_id == recall.recall_id
        with pytest.raises(NotFound):
            await client.recalls.get("r9")


def test_what_holds_a_recall_back_is_said():
    status = build_pb2.EndpointStatus(endpoint="spare", limit=2, reason="refused with 429", held_seconds=8)
    recall = recall_pb2.Recall(recall_id="r1", state=recall_pb2.RECALL_STATE_RUNNING, selected=4, kept=1)
    assert recall_line(recall, 61) == (
        "1:01 r1 running: 1 of 4 samples verified again, 1 kept, 0 withdrawn · 0 model calls, 0 tokens, $0.00"
    )
    recall.endpoints.append(status)
    assert recall_line(recall, 61).endswith("; spare: 0 of 2 in flight, refused with 429; the next call in 8 s")


def test_what_a_recall_could_not_verify_and_what_is_used_of_its_budget_is_said():
    recall = recall_pb2.Recall(
        recall_id="r1", selected=4, kept=1, unverified=2, detail="judge: spare: refused with 400"
    )
    recall.budget.calls, recall.usage.calls, recall.spending.spent.calls = 9, 3, 5
    told = "5 model calls, 0 tokens, $0.00; of its budget 5 of 9 model calls; 2 could not be verified: judge: spare: "
    assert recall_line(recall, 61).endswith(f"{told}refused with 400")


def test_a_place_is_taken_with_its_parameters():
    found = replacements(ROLES, ["judge=x, y", "panel[1]=z"], "--replace")
    assert found.judge == build_pb2.RoleSpec(endpoints=["x", "y"], max_tokens=9)
    assert [list(member.endpoints) for member in found.panel] == [["a"], ["z"]]
    assert found.panel[0].temperature == ROLES.panel[0].temperature
    told = [(name, list(spec.endpoints), new) for name, spec, new in told_apart(ROLES, found)]
    assert told == [("panel[0]", ["a"], False), ("panel[1]", ["z"], True), ("judge", ["x", "y"], True)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("judge", "must be ROLE=ENDPOINT"),
        ("judge=", "must be ROLE=ENDPOINT"),
        ("weak=x", "the build has no weak whose place"),
        ("solver=x", "no role of those that verify is 'solver'"),
        ("panel=x", r"must say whose place in `panel` is taken: panel\[0\] to panel\[1\]"),
        ("panel[2]=x", r"panel\[0\] to panel\[1\]"),
        ("screeners[0]=x", "none: the build has no screeners"),
    ],
)
def test_a_wrong_place_is_refused(text, told):
    with pytest.raises(InvalidInput, match=told):
        replacements(ROLES, [text], "--replace")
