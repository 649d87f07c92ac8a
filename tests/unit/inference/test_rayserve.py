"""What Ray Serve is told, how requests are read, and how answers are put together; nothing of Ray is started."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera_inference.protocol import BadRequest
from chimera_inference.rayserve import wire
from chimera_inference.rayserve.batcher import Batcher
from chimera_inference.rayserve.checkpoints import NoSuchVersion, folder_of, listed
from chimera_inference.rayserve.engines import TransformersEngine
from chimera_inference.rayserve.pieces import Piece, Thoughts
from chimera_inference.rayserve.plan import plan
from chimera_inference.rayserve.running import validated
from chimera_shared.endpoints.config import parse
from chimera_shared.errors import InvalidInput

BASE = "http://127.0.0.1:8000/v1"


def endpoint(model="m", base_url=BASE, **serve):
    return {"base_url": base_url, "model": model, "serve": serve}


def planned(**endpoints):
    return plan(parse(endpoints), "/models")


# What is deployed


def test_the_plan_is_one_that_ray_serve_takes():
    found = planned(
        small=endpoint("small", engine="transformers", source="/w", registered=True),
        teacher=endpoint("teacher", engine="procedural", scaling={"min_replicas": 0, "max_replicas": 4}),
    )
    schema = validated(found)
    assert (found.host, found.port) == ("127.0.0.1", 8000)
    (application,) = schema.applications
    assert [model["name"] for model in application.args["models"]] == ["small", "teacher"]


def test_vllm_stands_alone_at_the_root_and_apart_beside_others():
    big = {"engine": "vllm", "source": "owner/big", "accelerator": "H100", "gpus": 2, "adapters": "s3://a/b"}
    (alone,) = planned(big=endpoint("big", **big)).config()["applications"]
    assert alone["import_path"] == "ray.serve.llm:build_openai_app"
    assert alone["route_prefix"] == "/"
    (config,) = alone["args"]["llm_configs"]
    assert config["engine_kwargs"]["tensor_parallel_size"] == 2
    assert config["engine_kwargs"]["enable_lora"] is True
    assert config["accelerator_type"] == "H100"
    both = planned(
        big=endpoint("big", "http://127.0.0.1:8000/vllm/v1", **big), teacher=endpoint("t", engine="procedural")
    )
    assert [a["route_prefix"] for a in both.config()["applications"]] == ["/", "/vllm"]


@pytest.mark.parametrize(
    ("endpoints", "field"),
    [
        ({"a": {"base_url": BASE, "model": "m"}}, "endpoints"),
        ({"a": endpoint("m", engine="transformers")}, "endpoints.a.serve"),
        ({"a": endpoint("m", engine="procedural", registered=True)}, "endpoints.a.serve"),
        ({"a": endpoint("m@1", engine="procedural")}, "endpoints.a.model"),
        ({"a": endpoint("m", engine="procedural"), "b": endpoint("m", engine="procedural")}, "endpoints.b.model"),
        (
            {"a": endpoint("m", engine="procedural"), "b": endpoint("n", "http://127.0.0.1:9/v1", engine="procedural")},
            "endpoints.b.base_url",
        ),
    ],
)
def test_what_cannot_be_served_is_named(endpoints, field):
    with pytest.raises(InvalidInput) as caught:
        planned(**endpoints)
    assert [violation.field for violation in caught.value.violations] == [field]


# The registry


@pytest.mark.parametrize("name", ["../x@1", "student", "student@", "student@x", "a/b@1", "..@1", "student@2"])
def test_only_whole_versions_of_the_registry_are_found(tmp_path, name):
    folder = tmp_path / "student" / "1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (tmp_path / "student" / "2").mkdir()  # not whole
    with pytest.raises(NoSuchVersion):
        folder_of(tmp_path, name)
    assert folder_of(tmp_path, "student@1") == folder
    assert [each for each in listed(tmp_path) if "student" in each] == ["student@1"]


async def test_the_version_not_asked_for_longest_gives_way(monkeypatch):
    loaded = []

    def load(engine, model):
        loaded.append(model)
        engine._decoders[model] = (model, None)

    monkeypatch.setattr(TransformersEngine, "_load", load)
    engine = TransformersEngine("m", {"max_versions": 2}, "/models")
    for model in ("a@1", "b@1", "a@1", "c@1", "m", "a@1", "b@1"):
        assert (await engine._decoder(model))[0] == model
    assert loaded == ["m", "a@1", "b@1", "c@1", "b@1"]
    assert len(engine._decoders) == 3


# Thoughts


@given(st.text("ab<>/think\n ", max_size=12), st.text("xy<>/", max_size=12), st.data())
def test_thoughts_are_told_from_the_answer_however_the_text_is_cut(thought, answer, data):
    thought = thought.replace("</think>", "")
    text = f"<think>{thought}</think>{answer}"
    said, splitter, at = {True: "", False: ""}, Thoughts(), 0
    while at < len(text):
        size = data.draw(st.integers(1, 9))
        for part, thinks in splitter.take(text[at : at + size]):
            said[thinks] += part
        at += size
    for part, thinks in splitter.rest():
        said[thinks] += part
    first = text.index("</think>", len("<think>"))
    assert said == {True: text[len("<think>") : first], False: text[first + len("</think>") :].lstrip("\n")}


def test_a_thought_that_the_prompt_opened_and_nobody_closed_is_no_answer():
    splitter = Thoughts(begun=True)
    assert [*splitter.take("the answer is 4 </thi"), *splitter.rest()] == [("the answer is 4 ", True), ("</thi", True)]


# The wire


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], "body"),
        ({"messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": 3}, "temperature"),
        ({"model": "m", "messages": [{"role": "user", "content": "x"}], "n": 0}, "n"),
        ({"model": "m", "messages": [{"role": "user", "content": "x"}], "seed": True}, "seed"),
    ],
)
def test_a_wrong_request_names_its_field(body, param):
    with pytest.raises(BadRequest) as caught:
        wire.read(body)
    assert caught.value.param == param


async def _said(*pieces):
    for piece in pieces:
        yield piece


async def test_one_body_and_events_say_the_same():
    pieces = [
        Piece(0, "hm", reasoning=True, tokens=1),
        Piece(0, "4", tokens=1),
        Piece(0, finish_reason="stop"),
        Piece(1, "5", tokens=1, finish_reason="length"),
    ]
    whole = await wire.Answer("m", True, wire.Usage(7)).whole(_said(*pieces))
    assert [c["message"]["content"] for c in whole["choices"]] == ["4", "5"]
    assert whole["choices"][0]["message"]["reasoning_content"] == "hm"
    assert [c["finish_reason"] for c in whole["choices"]] == ["stop", "length"]
    assert whole["usage"]["prompt_tokens"] == 7
    assert whole["usage"]["completion_tokens"] == 3
    events = [event async for event in wire.Answer("m", True, wire.Usage(7)).events(_said(*pieces))]
    assert events[-1] == b"data: [DONE]\n\n"
    assert b'"completion_tokens":3' in events[-2]


# Batches


async def test_requests_that_come_together_are_computed_together_and_each_hears_its_own():
    sizes = []

    def decode(rows):
        sizes.append(len(rows))
        for step in range(3):
            yield [(row, [Piece(0, f"{row[0]}{step}", finish_reason="stop" if step == 2 else None)]) for row in rows]

    batcher = Batcher(decode, 4, ThreadPoolExecutor(1))

    async def ask(name):
        return "".join([piece.text async for piece in batcher.stream([[name]])])

    said = await asyncio.gather(*(ask(f"r{n}-") for n in range(6)))
    assert said == [f"r{n}-0r{n}-1r{n}-2" for n in range(6)]
    assert sizes == [4, 2]


async def test_a_failure_reaches_those_that_it_concerns_and_nobody_after_them():
    calls = []

    def decode(rows):
        calls.append(len(rows))
        if len(calls) == 1:
            raise MemoryError("too long")
        yield [(row, [Piece(0, "ok", finish_reason="stop")]) for row in rows]

    batcher = Batcher(decode, 4, ThreadPoolExecutor(1))
    with pytest.raises(MemoryError):
        [piece async for piece in batcher.stream([["a"]])]
    assert [piece.text async for piece in batcher.stream([["b"]])] == ["ok"]


async def test_when_every_reader_has_gone_the_batch_ends_early():
    steps = []

    def decode(rows):
        for step in range(1000):
            steps.append(step)
            yield [(row, [Piece(0, "x")]) for row in rows]

    batcher = Batcher(decode, 4, ThreadPoolExecutor(1))
    stream = batcher.stream([["a"]])
    await anext(stream)
    await stream.aclose()
    await asyncio.sleep(0.1)
    assert len(steps) < 1000
