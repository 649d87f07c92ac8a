import json
import os

import pytest
from aiohttp import web

from chimera_client.doctor import diagnose, environment, servers

MONEY = """
name: small
samples: 6
subjects: [Logic]
roles: {{proposer: main, panel: [free, procedural-medium], solver: {{endpoints: main, max_tokens: {most}}}}}
budget: {{{budget}}}
endpoints:
  main: {{base_url: "http://127.0.0.1:9/v1", model: good, max_tokens: 1000, price: {{output_usd_per_mtok: 10}}}}
  free: {{base_url: "http://127.0.0.1:9/v1", model: other}}
"""
BUILD = """
name: small
samples: 6
subjects: [Logic]
roles: {{proposer: main, panel: [procedural-strong, procedural-medium], solver: main}}
endpoints:
  main: {{base_url: "{url}/v1", model: good, {more}}}
"""


class Model:
    """An OpenAI-compatible server that can be told what to refuse."""

    def __init__(self):
        self.models = ["good"]
        self.refuse_json = False
        self.busy = 0
        self.key = None
        self.asked = []

    async def list(self, request):
        return web.json_response({"data": [{"id": name} for name in self.models]})

    async def chat(self, request):
        body = await request.json()
        self.asked.append(body)
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": "bad key"}}, status=401)
        if self.busy:
            self.busy -= 1
            return web.json_response({"error": {"message": "busy"}}, status=429)
        if body["model"] not in self.models:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        if self.refuse_json and "response_format" in body:
            return web.json_response({"error": {"message": "response_format is not supported"}}, status=400)
        return web.json_response({"choices": [{"message": {"content": "2"}, "finish_reason": "stop"}]})


@pytest.fixture
async def model():
    held = Model()
    app = web.Application()
    app.add_routes([web.get("/v1/models", held.list), web.post("/v1/chat/completions", held.chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    held.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield held
    await runner.cleanup()


@pytest.fixture(autouse=True)
def no_servers(monkeypatch):
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "CHIMERA_GATEWAY"):
        monkeypatch.delenv(name, raising=False)


async def endpoint(tmp_path, model, more="max_in_flight: 4", url=None):
    path = tmp_path / "f.yaml"
    path.write_text(BUILD.format(url=url or model.url, more=more))
    found = {f.name: f async for f in diagnose(path, tmp_path, None)}
    return found["endpoint main"]


async def test_a_working_endpoint_is_asked_briefly_and_with_json(tmp_path, model):
    found = await endpoint(tmp_path, model)
    assert found.ok, found
    assert "with json_schema" in found.detail
    assert ["response_format" in body for body in model.asked] == [False, True]
    assert all(body["max_completion_tokens"] <= 16 for body in model.asked)


async def test_a_missing_key_is_named_and_nothing_is_asked(tmp_path, model):
    found = await endpoint(tmp_path, model, "api_key_env: NO_SUCH_KEY")
    assert (found.ok, "NO_SUCH_KEY is not set" in found.detail, model.asked) == (False, True, [])


async def test_a_wrong_key_is_told_but_not_shown(tmp_path, model, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    model.key = "other"
    found = await endpoint(tmp_path, model, "api_key_env: MY_KEY")
    assert not found.ok
    assert "401" in found.detail
    assert "sk-secret" not in json.dumps([found.detail, found.way_out])


async def test_an_unknown_model_is_told_with_those_there(tmp_path, model):
    model.models = ["better", "best"]
    found = await endpoint(tmp_path, model)
    assert not found.ok
    assert "better, best" in found.detail


async def test_refused_json_names_the_setting(tmp_path, model):
    model.refuse_json = True
    found = await endpoint(tmp_path, model)
    assert not found.ok
    assert "structured_output: json_object" in found.way_out
    assert (await endpoint(tmp_path, model, "structured_output: none")).ok


async def test_a_busy_server_is_asked_again(tmp_path, model):
    model.busy = 2
    assert (await endpoint(tmp_path, model)).ok


async def test_a_server_that_is_not_there(tmp_path, model):
    found = await endpoint(tmp_path, model, url="http://127.0.0.1:9")
    assert not found.ok
    assert "cannot connect" in found.detail


async def test_every_mistake_of_the_file_is_a_finding(tmp_path):
    (tmp_path / "f.yaml").write_text("name: a\nsamples: x\nsubjekts: [a]\n")
    found = [f async for f in diagnose(tmp_path / "f.yaml", tmp_path, None) if not f.ok]
    assert [f.detail.split(":")[0] for f in found] == ["samples", "subjekts"]


async def test_servers_that_do_not_answer(monkeypatch):
    monkeypatch.setattr(servers, "_PATIENCE_SECONDS", 1.0)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:secret@127.0.0.1:9/?serverSelectionTimeoutMS=300")
    found = {f.name: f async for f in servers.check("127.0.0.1:9")}
    assert [f.ok for f in found.values()] == [False] * 3
    assert "secret" not in found["store"].detail
    assert "MONGODB_URI" in found["store"].way_out


async def test_a_gateway_that_answers(gateway):
    assert [f.ok async for f in servers.check(gateway.target)] == [True]


async def test_what_only_the_gateway_knows_is_not_told_as_checked(gateway, tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(MONEY.format(budget="usd: 20", most=1000))
    found = {f.name: f async for f in diagnose(path, tmp_path, gateway.target)}
    assert "budget" not in found, "it counts in prices that are not known here"
    assert found["endpoints"].detail.startswith("free, main, procedural-medium: the gateway's own")
    assert found["endpoints"].ok
    assert found["endpoints"].way_out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    assert not environment.writable(tmp_path / "data").ok


def test_a_data_folder_under_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    assert not environment.writable(tmp_path / "file" / "data").ok


def test_the_data_folder_is_not_made(tmp_path):
    assert environment.writable(tmp_path / "a" / "b").ok
    assert not list(tmp_path.iterdir())


def test_missing_parts_and_little_space(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "_SERVICE_PARTS", ("no_such_part",))
    monkeypatch.setattr(environment, "MIN_FREE_BYTES", 1 << 80)
    found = environment.installed(needs_services=True)
    assert (found.ok, "no_such_part" in found.detail) == (False, True)
    assert environment.installed(needs_services=False).ok
    assert not environment.disk_space(tmp_path).ok


@pytest.mark.parametrize(
    ("budget", "most", "details"),
    [
        ("usd: 20", 1000, ["free has no price"]),
        ("usd: 0.2", 100_000, ["free has no price", "one answer of main may cost $1.00 at its `max_tokens`, of $0.20"]),
        ("tokens: 1000", 100_000, ["can be kept"]),
    ],
)
async def test_a_budget_that_cannot_do_what_it_is_for_is_a_warning(tmp_path, budget, most, details):
    path = tmp_path / "f.yaml"
    path.write_text(MONEY.format(budget=budget, most=most))
    found = [f async for f in diagnose(path, tmp_path, None) if f.name == "budget"]
    assert [f.ok for f in found] == [True] * len(details)
    for finding, detail in zip(found, details, strict=True):
        assert detail in finding.detail
        assert bool(finding.way_out) == (detail != "can be kept")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("panel_rule: weighted", []),
        (
            "panel_rule: weighted\npanel_threshold: 0.5",
            ["roles.panel[0] alone has 50% of all weights, and 50% suffice", "roles.panel[1] alone"],
        ),
        ("difficulty: {solves: 2}", []),
        ("difficulty: {solves: 2, max_weak_pass_rate: 0.5}", ["difficulty.max_weak_pass_rate rests on 2 attempts"]),
        ("difficulty: {max_weak_pass_rate: 0.5}", []),
    ],
)
async def test_checks_that_cannot_tell_what_they_are_asked_for_are_warnings(tmp_path, changes, said):
    path = tmp_path / "f.yaml"
    roles = "panel: [procedural-strong, procedural-medium], weak: procedural-weak, strong: procedural-strong"
    path.write_text(
        f"name: a\nsamples: 1\nsubjects: [Logic]\n{changes}\n"
        f"roles: {{proposer: procedural-teacher, solver: procedural-teacher, {roles}}}\n"
    )
    warnings = [f for f in [f async for f in diagnose(path, tmp_path / "data", None)] if f.name == "checks"]
    assert [(f.ok, bool(f.way_out)) for f in warnings] == [(True, True)] * len(said)
    assert all(words in f.detail for words, f in zip(said, warnings, strict=True))


async def test_one_model_in_two_places_that_should_differ_is_a_warning(tmp_path):
    path = tmp_path / "f.yaml"
    named = "weak: procedural-weak, strong: procedural-weak, screeners: [procedural-weak, procedural-weak]"
    path.write_text(
        "name: a\nsamples: 1\nsubjects: [Logic]\nroles: {proposer: procedural-teacher, solver: procedural-teacher,"
        f" panel: [procedural-strong, procedural-medium], {named}}}\n"
    )
    warnings = [f.detail for f in [f async for f in diagnose(path, tmp_path / "data", None)] if f.name == "checks"]
    assert len(warnings) == 2
    assert "several of roles.screeners are one model" in warnings[0]
    assert "roles.weak and roles.strong are one model" in warnings[1]
