"""A hub of our own on a loopback port, which redirects to a store on another, as the real one does."""

import json
import socket

import pytest
from aiohttp import web

from chimera_client.sources import hub, source
from chimera_client.sources.items import Fields
from chimera_client.sources.source import Told
from chimera_shared.errors import Configuration, InvalidInput, Transient

TOKEN = "hf_" + "x" * 20
ROWS = [{"problem": "How many?", "answer": 204}, {"problem": "How few?", "answer": 25}]


class Hub:
    def __init__(self):
        self.datasets = {}
        self.gated = set()
        self.seen = []
        self.url = self.store_url = ""

    async def listing(self, request):
        self.seen.append(("api", request.path, request.headers.get("Authorization")))
        hub_id = f"{request.match_info['owner']}/{request.match_info['name']}"
        if hub_id not in self.datasets:
            return web.json_response(
                {"error": "Repository not found"}, status=404 if "Authorization" in request.headers else 401
            )
        names = [{"rfilename": name} for name in self.datasets[hub_id]]
        return web.json_response({"sha": "c" * 40, "siblings": names})

    async def resolve(self, request):
        hub_id = f"{request.match_info['owner']}/{request.match_info['name']}"
        self.seen.append(("resolve", request.path, request.headers.get("Authorization")))
        if hub_id in self.gated and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=403 if "Authorization" in request.headers else 401)
        raise web.HTTPFound(f"{self.store_url}/{hub_id}/{request.match_info['path']}")

    async def blob(self, request):
        self.seen.append(("store", request.path, request.headers.get("Authorization")))
        hub_id = f"{request.match_info['owner']}/{request.match_info['name']}"
        return web.Response(body=self.datasets[hub_id][request.match_info["path"]])


async def serve(*routes):
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def served(monkeypatch):
    held = Hub()
    front, held.url = await serve(
        web.get("/api/datasets/{owner}/{name}/revision/{revision}", held.listing),
        web.get("/datasets/{owner}/{name}/resolve/{revision}/{path:.*}", held.resolve),
    )
    store, held.store_url = await serve(web.get("/{owner}/{name}/{path:.*}", held.blob))
    for name in (hub.TOKEN_VARIABLE, hub.OFFLINE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(hub.ENDPOINT_VARIABLE, held.url)
    yield held
    await front.cleanup()
    await store.cleanup()


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


async def load(name, told=None):
    said = []
    async with source.opened(name, told or Told(), said.append) as found:
        return found.words, list(found.items), said


async def test_a_benchmark_is_loaded_by_its_short_name_at_one_commit(served):
    served.datasets["HuggingFaceH4/MATH-500"] = {"README.md": b"", "test.jsonl": lines(ROWS)}
    words, items, said = await load("math-500")
    assert words == f"HuggingFaceH4/MATH-500@{'c' * 12} test.jsonl"
    assert [(item.statement, item.answer.value) for item in items] == [("How many?", "204"), ("How few?", "25")]
    assert said == ["loading test.jsonl of HuggingFaceH4/MATH-500"]
    assert f"/resolve/{'c' * 40}/test.jsonl" in served.seen[1][1]


async def test_any_dataset_is_loaded_by_its_id(served):
    served.datasets["me/mine"] = {"v2/eval.jsonl": lines([{"q": "Why?", "a": "42"}]), "v1/eval.jsonl": b"x"}
    _, items, _ = await load("me/mine", Told(Fields("q", "a"), revision="refs/pr/1", config="v2", split="eval"))
    assert [(item.statement, item.answer.value) for item in items] == [("Why?", "42")]
    assert served.seen[0][1].endswith("/revision/refs%2Fpr%2F1") or served.seen[0][1].endswith("/revision/refs/pr/1")


async def test_a_gated_benchmark_says_how_to_get_it(served):
    served.datasets["cais/hle"] = {"data/test-00000.jsonl": lines(ROWS)}
    served.gated.add("cais/hle")
    with pytest.raises(Configuration) as caught:
        await load("hle")
    said = str(caught.value)
    assert f"accept the terms at {served.url}/datasets/cais/hle" in said
    assert "HF_TOKEN" in said
    assert "chimera corpora import NAME FILE" in said


async def test_the_token_goes_to_the_hub_and_nowhere_else(served, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    monkeypatch.setenv(hub.TOKEN_VARIABLE, TOKEN)
    row = {"question": "How many?", "answer": "1", "category": "Math", "id": "q1", "image": ""}
    served.datasets["cais/hle"] = {"data/test-00000.jsonl": lines([row])}
    served.gated.add("cais/hle")
    _, items, said = await load("hle")
    assert [item.item_id for item in items] == ["q1"]
    assert [(where, token) for where, _, token in served.seen] == [
        ("api", f"Bearer {TOKEN}"),
        ("resolve", f"Bearer {TOKEN}"),
        ("store", None),
    ]
    assert TOKEN not in caplog.text + "".join(said)


async def test_a_token_without_access_is_told_apart_and_never_shown(served, monkeypatch):
    monkeypatch.setenv(hub.TOKEN_VARIABLE, "hf_wrong")
    served.datasets["cais/hle"] = {"data/test-00000.jsonl": lines(ROWS)}
    served.gated.add("cais/hle")
    with pytest.raises(Configuration, match="the token in HF_TOKEN gives no access") as caught:
        await load("hle")
    assert "hf_wrong" not in str(caught.value)


async def test_what_the_hub_does_not_have(served, monkeypatch):
    with pytest.raises(Configuration, match="no/such is gated, or is not there"):
        await load("no/such")
    monkeypatch.setenv(hub.TOKEN_VARIABLE, TOKEN)
    with pytest.raises(InvalidInput, match="the hub has no no/such of that revision"):
        await load("no/such")
    served.datasets["me/mine"] = {"README.md": b""}
    with pytest.raises(InvalidInput, match="me/mine has no data files of test"):
        await load("me/mine", Told(split="test"))


async def test_without_a_network_a_file_is_the_way_out(served, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        monkeypatch.setenv(hub.ENDPOINT_VARIABLE, f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Transient, match=r"cannot load MathArena/aime_2025 from .*chimera corpora import NAME FILE"):
            await load("aime25")
    monkeypatch.setenv(hub.OFFLINE_VARIABLE, "1")
    with pytest.raises(Transient, match="HF_HUB_OFFLINE is set"):
        await load("aime25")


async def test_an_answer_that_is_none_is_no_crash(served):
    served.datasets["me/mine"] = {"test.jsonl": b"<html>"}
    with pytest.raises(InvalidInput, match=r"line 1 of .* must be a JSON object"):
        await load("me/mine")
