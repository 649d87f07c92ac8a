import asyncio
import json
import logging
import time
from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import BaseModel, Field

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import mongo
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import buying, config
from chimera_shared.endpoints.budget import Purse
from chimera_shared.endpoints.ledger import call_id
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question, body_of
from chimera_shared.errors import EndpointUnavailable, SampleFailure


class Sum(BaseModel):
    value: int = Field(ge=0)


class MemoryLedger:
    """The ledger's behaviour without a store."""

    def __init__(self) -> None:
        self.calls, self.answers = {}, set()

    async def find(self, build, ledger_of, call, max_tokens):
        found = self.calls.get((ledger_of or build, call))
        if found is None or (found[1].finish_reason == "length" and found[0] < max_tokens):
            return None
        return found[1:]

    async def keep(self, build, ledger_of, messages, max_tokens, completion, call):
        self.calls[ledger_of or build, call.call_id] = (max_tokens, completion, call)
        self.answers.add((build, call.endpoint))

    async def answered(self, build, endpoint):
        return (build, endpoint) in self.answers


_NO_BUDGETS = mongo.connect("mongodb://127.0.0.1:9")["none"]["budgets"]
"""Never asked: only builds that are known have budgets."""


class Asking:
    """Models over endpoints of one fault server."""

    def __init__(self, endpoints: dict) -> None:
        self.pool, self.ledger = EndpointPool(config.parse(endpoints)), MemoryLedger()
        self.builds = BuildTable()
        self.models = Models(self.pool, self.ledger, Purse(_NO_BUDGETS, "test", self.builds), self.builds)

    async def __aenter__(self):
        await self.pool.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.pool.__aexit__(*error)


def question(*endpoints: str, text="1+1?", build_id="b1", **role) -> Question:
    return Question(
        build_id=build_id,
        role="solver",
        spec=build_pb2.RoleSpec(endpoints=endpoints or ("a",), **role),
        messages=[{"role": "system", "content": "Solve."}, {"role": "user", "content": text}],
        prompt_sha256="0" * 64,
        seed=7,
    )


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(buying, "_BACKOFF_SECONDS", (0.005, 0.01))
    monkeypatch.setattr(buying, "_FIRST_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(buying, "_PATIENCE_SECONDS", 0.8)


@pytest.fixture
async def asking(fault_server):
    async with Asking({"a": fault_server.endpoint(model="m-a"), "b": fault_server.endpoint(model="m-b")}) as found:
        yield found


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 what is awaited tells nobody
            await asyncio.sleep(0.005)


def in_turn(*answers):
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def busy(status=503, **headers):
    return lambda _: web.json_response({"error": {"message": "busy"}}, status=status, headers=headers)


async def test_what_is_asked(fault_server, asking):
    await asking.models.ask(question(temperature=0.5, max_tokens=99))

    assert fault_server.asked == [
        {
            "model": "m-a",
            "messages": question().messages,
            "seed": 7,
            "temperature": 0.5,
            "max_completion_tokens": 99,
        }
    ]


async def test_a_reply_has_its_evidence(fault_server, answer):
    fault_server.answer = lambda _: answer("42", reasoning_content="hm")
    price = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
    async with Asking({"a": fault_server.endpoint(price=price)}) as asking:
        reply = await asking.models.ask(question(max_tokens=50))

    [call] = reply.calls
    assert (reply.content, reply.reasoning) == ("42", "hm")
    assert (call.role, call.endpoint, call.model, call.finish_reason) == ("solver", "a", "m", "stop")
    assert call.usage == sample_pb2.Usage(calls=1, input_tokens=7, output_tokens=5, cost_nanousd=17_000)
    assert json.loads(call.parameters_json) == {"seed": 7, "max_completion_tokens": 50}
    assert call.prompt_sha256 == "0" * 64


async def test_the_ledger_is_that_of_the_build_which_the_order_names(fault_server, asking):
    fork = build_pb2.Build(build_id="b2", state=build_pb2.BUILD_STATE_RUNNING, revision=1)
    fork.spec.ledger_of = "b1"
    await asking.builds.learn(events_pb2.BuildChanged(build=fork))

    await asking.models.ask(question())
    await asking.models.ask(question(build_id="b2"))
    await asking.models.ask(question(build_id="b2", text="2+2?"))
    await asking.models.ask(question(text="2+2?"))

    assert len(fault_server.asked) == 2


async def test_an_answer_in_the_ledger_costs_no_call(fault_server, asking):
    first = await asking.models.ask(question())
    again = await asking.models.ask(question())

    assert again == first
    assert len(fault_server.asked) == 1


async def test_another_build_or_another_question_asks_for_itself(fault_server, asking):
    for asked in (question(), question(build_id="b2"), question(text="2+2?"), question(temperature=0.1)):
        await asking.models.ask(asked)

    assert len(fault_server.asked) == 4


async def test_an_answer_of_the_second_endpoint_is_found_before_the_first_is_asked(fault_server, asking):
    await asking.models.ask(question("b"))
    await asking.models.ask(question("a", "b"))

    assert [body["model"] for body in fault_server.asked] == ["m-b"]


async def test_a_cut_off_answer_is_asked_again_only_with_more_tokens(fault_server, asking, answer):
    fault_server.answer = in_turn(answer("half", finish_reason="length"), answer("whole"))

    for _ in range(2):
        with pytest.raises(SampleFailure, match="raise max_tokens") as caught:
            await asking.models.ask(question(max_tokens=10))
        assert caught.value.reason == sample_pb2.REASON_TRUNCATED_ANSWER
        assert len(caught.value.calls) == 1
    assert len(fault_server.asked) == 1

    assert (await asking.models.ask(question(max_tokens=20))).content == "whole"
    assert len(fault_server.asked) == 2


@pytest.mark.parametrize(
    ("content", "fields", "reason"),
    [
        ("  \n", {}, sample_pb2.REASON_MALFORMED_ANSWER),
        (None, {}, sample_pb2.REASON_MALFORMED_ANSWER),
        ("no", {"finish_reason": "content_filter"}, sample_pb2.REASON_REFUSED_BY_MODEL),
    ],
)
async def test_an_answer_that_is_none_is_a_failure_with_its_call(fault_server, asking, answer, content, fields, reason):
    fault_server.answer = lambda _: answer(content, **fields)

    with pytest.raises(SampleFailure) as caught:
        await asking.models.ask(question())

    assert (caught.value.reason, len(caught.value.calls)) == (reason, 1)


async def test_a_form_is_asked_for_by_name_and_schema(fault_server, asking, answer):
    fault_server.answer = lambda _: answer('{"value": 2}')

    found = await asking.models.ask_structured(question(), "sum", Sum)

    asked = fault_server.asked[0]["response_format"]
    assert (found.value, len(found.calls)) == (Sum(value=2), 1)
    assert asked["type"] == "json_schema"
    assert (asked["json_schema"]["name"], asked["json_schema"]["strict"]) == ("sum", True)


@pytest.mark.parametrize(("way", "format_sent"), [("json_object", {"type": "json_object"}), ("none", None)])
async def test_where_no_schema_can_be_sent_the_words_carry_it(fault_server, answer, way, format_sent):
    fault_server.answer = lambda _: answer('{"value": 2}')
    async with Asking({"a": fault_server.endpoint(structured_output=way)}) as asking:
        await asking.models.ask_structured(question(), "sum", Sum)

    asked = fault_server.asked[0]
    assert asked.get("response_format") == format_sent
    assert '"value"' in asked["messages"][0]["content"]
    assert asked["messages"][1]["content"] == "1+1?"


async def test_a_malformed_answer_gets_one_repair_turn(fault_server, asking, answer):
    fault_server.answer = in_turn(answer("Sure: 2"), answer('{"value": 2}'))

    found = await asking.models.ask_structured(question(), "sum", Sum)

    assert found.value == Sum(value=2)
    assert len(found.calls) == 2
    turn = fault_server.asked[1]["messages"][2:]
    assert turn[0] == {"role": "assistant", "content": "Sure: 2"}
    assert turn[1]["role"] == "user"
    assert '"value"' in turn[1]["content"]


async def test_malformed_twice_is_a_failure_with_both_calls_and_is_replayed_for_nothing(fault_server, asking, answer):
    fault_server.answer = in_turn(answer("Sure: 2"), answer('{"value": -2}'))

    for _ in range(2):
        with pytest.raises(SampleFailure, match="did not answer in the form asked for, twice") as caught:
            await asking.models.ask_structured(question(), "sum", Sum)
        assert caught.value.reason == sample_pb2.REASON_MALFORMED_ANSWER
        assert len(caught.value.calls) == 2
    assert len(fault_server.asked) == 2


async def test_a_repair_that_is_cut_off_keeps_both_calls(fault_server, asking, answer):
    fault_server.answer = in_turn(answer("Sure"), answer("{", finish_reason="length"))

    with pytest.raises(SampleFailure) as caught:
        await asking.models.ask_structured(question(), "sum", Sum)

    assert (caught.value.reason, len(caught.value.calls)) == (sample_pb2.REASON_TRUNCATED_ANSWER, 2)


async def test_a_repair_that_is_refused_keeps_the_first_call(fault_server, asking, answer):
    fault_server.answer = in_turn(answer("Sure"), web.json_response({"error": {"message": "no"}}, status=400))

    with pytest.raises(SampleFailure) as caught:
        await asking.models.ask_structured(question(), "sum", Sum)

    assert (caught.value.reason, len(caught.value.calls)) == (sample_pb2.REASON_ENDPOINT_FAILED, 1)


async def test_the_next_endpoint_answers_where_the_first_refuses(fault_server, asking, answer):
    def by_model(body):
        return busy(401)(body) if body["model"] == "m-a" else answer("fine")

    fault_server.answer = by_model

    reply = await asking.models.ask(question("a", "b"))

    assert reply.calls[0].endpoint == "b"
    assert [body["model"] for body in fault_server.asked] == ["m-a", "m-b"]


async def test_all_refusals_are_told(fault_server, asking):
    fault_server.answer = busy(401)

    with pytest.raises(SampleFailure, match=r"solver: a: .*401: busy; b: .*401: busy") as caught:
        await asking.models.ask(question("a", "b"))

    assert caught.value.reason == sample_pb2.REASON_ENDPOINT_FAILED


async def test_an_endpoint_not_configured_here_is_named(asking):
    with pytest.raises(
        EndpointUnavailable, match="no endpoint 'z' is known here; add it to the file in CHIMERA_ENDPOINTS"
    ):
        await asking.models.ask(question("a", "z"))


async def test_an_endpoint_that_never_answered_is_refused_soon_with_the_first_cause(fault_server, asking, monkeypatch):
    monkeypatch.setattr(buying, "_FIRST_ANSWER_SECONDS", 1.5)
    monkeypatch.setattr(buying, "_PATIENCE_SECONDS", 60)
    causes = iter([500, 503])
    fault_server.answer = lambda body: busy(next(causes, 429))(body)
    started = time.monotonic()

    with pytest.raises(SampleFailure, match="answered 500: busy") as caught:
        await asking.models.ask(question())

    assert caught.value.reason == sample_pb2.REASON_ENDPOINT_FAILED
    assert 1.5 <= time.monotonic() - started < 60
    assert len(fault_server.asked) > 3


async def test_an_endpoint_that_never_answered_is_a_mistake_however_long_each_failure_takes(fault_server, asking):
    async def slowly(body):
        await asyncio.sleep(1)  # longer than the patience with an endpoint that answered before
        return busy(500)(body)

    fault_server.answer = slowly

    with pytest.raises(SampleFailure, match="answered 500: busy"):
        await asking.models.ask(question())


async def test_a_long_retry_after_does_not_put_off_the_report_of_a_mistake(fault_server, asking):
    fault_server.answer = busy(429, **{"Retry-After": "3600"})

    with pytest.raises(SampleFailure):
        await asyncio.wait_for(asking.models.ask(question()), 20)


async def test_an_endpoint_that_answered_before_is_given_patience(fault_server, asking, answer, monkeypatch):
    monkeypatch.setattr(buying, "_PATIENCE_SECONDS", 20)
    await asking.models.ask(question())
    until = time.monotonic() + 0.5
    fault_server.answer = lambda body: busy()(body) if time.monotonic() < until else answer("back")

    assert (await asking.models.ask(question(text="2+2?"))).content == "back"


async def test_when_patience_ends_the_work_waits_and_is_not_settled(fault_server, asking):
    await asking.models.ask(question())
    fault_server.answer = busy()

    with pytest.raises(EndpointUnavailable, match="a: the endpoint answered 503: busy"):
        await asking.models.ask(question(text="2+2?"))


@pytest.mark.parametrize("wish", ["3600", "inf"])
async def test_a_wish_beyond_patience_goes_to_the_next_endpoint(fault_server, asking, answer, wish):
    await asking.models.ask(question("a"))

    def by_model(body):
        return busy(429, **{"Retry-After": wish})(body) if body["model"] == "m-a" else answer("fine")

    fault_server.answer = by_model

    reply = await asyncio.wait_for(asking.models.ask(question("a", "b", text="2+2?")), 20)

    assert reply.calls[0].endpoint == "b"


async def test_retry_after_is_honoured(fault_server, asking, answer):
    times = []

    def once(body):
        times.append(time.monotonic())
        return busy(429, **{"Retry-After": "0.25"})(body) if len(times) == 1 else answer("fine")

    fault_server.answer = once
    await asking.models.ask(question())

    assert times[1] - times[0] >= 0.25


async def test_waiting_does_not_hold_a_slot(fault_server, answer, monkeypatch):
    monkeypatch.setattr(buying, "_PATIENCE_SECONDS", 300)
    rests = True

    def by_text(body):
        text = body["messages"][1]["content"]
        return busy(429, **{"Retry-After": "60"})(body) if text == "slow" and rests else answer("x")

    fault_server.answer = by_text
    async with Asking({"a": fault_server.endpoint(max_in_flight=1)}) as asking:
        await asking.models.ask(question(text="before"))
        waiting = asyncio.create_task(asking.models.ask(question(text="slow")))
        await until(lambda: len(fault_server.asked) == 2)
        await asking.models.ask(question(text="quick"))

        assert not waiting.done()
        waiting.cancel()


async def test_time_in_the_queue_does_not_count_against_an_endpoint(fault_server, answer):
    """Behind slow answers to others, the first failure of a question is not yet a failing endpoint."""

    async def slow(body):
        await asyncio.sleep(0.4)
        return answer("late")

    def by_text(body):
        text = body["messages"][1]["content"]
        if text == "blocks":
            return slow(body)
        return busy()(body) if sum(text in str(asked) for asked in fault_server.asked) == 1 else answer("fine")

    fault_server.answer = by_text
    async with Asking({"a": fault_server.endpoint(max_in_flight=1)}) as asking:
        asking.ledger.answers = _Never()
        blocking = asyncio.create_task(asking.models.ask(question(text="blocks")))
        await until(lambda: fault_server.in_flight == 1)

        assert (await asking.models.ask(question(text="waits"))).content == "fine"
        await blocking


class _Never(set):
    def __contains__(self, _):
        return False


async def test_an_endpoint_never_has_more_in_flight_than_its_limit(fault_server, answer):
    async def slow(body):
        await asyncio.sleep(0.01)
        return answer("x")

    fault_server.answer = slow
    async with Asking({"a": fault_server.endpoint(max_in_flight=3)}) as asking:
        await asyncio.gather(*(asking.models.ask(question(text=str(i))) for i in range(20)))

    assert fault_server.most_in_flight == 3


async def test_the_key_is_in_no_log_no_error_and_no_document(fault_server, answer, monkeypatch, caplog):
    monkeypatch.setenv("SOME_KEY", "sk-secret")

    def echoes(body):
        if len(fault_server.asked) == 1:
            return answer("your key is sk-secret")
        return web.json_response({"error": {"message": "bad key sk-secret"}}, status=401)

    fault_server.answer = echoes
    with caplog.at_level(logging.DEBUG):
        async with Asking({"a": fault_server.endpoint(api_key_env="SOME_KEY")}) as asking:
            await asking.models.ask(question())
            with pytest.raises(SampleFailure) as caught:
                await asking.models.ask(question(text="2+2?"))

    assert fault_server.headers[0]["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in caplog.text
    assert "sk-secret" not in f"{caught.value} {caught.value.to_proto()}"
    assert "sk-secret" not in repr(asking.ledger.calls)


def test_the_ledgers_key_is_everything_that_shapes_an_answer():
    endpoint = config.parse({"a": {"base_url": "http://h/v1", "model": "m"}})["a"]

    def key(endpoint=endpoint, schema=None, **changes):
        return call_id(body_of(question(**changes), endpoint, schema))

    moved = endpoint.model_copy(update={"base_url": "http://elsewhere/v1", "max_in_flight": 1})
    assert key() == key(max_tokens=5) == key(endpoint=moved)
    others = [
        key(text="2+2?"),
        key(temperature=0.0),
        key(top_p=0.5),
        key(endpoint=endpoint.model_copy(update={"model": "n"})),
        key(schema={"name": "sum", "schema": {}, "strict": True}),
    ]
    assert len({key(), *others}) == 6


def test_what_finishes_a_sample_goes_before_what_begins_one():
    way = ["proposer", "screener[0]", "panel[1]", "weak[3]", "solver", "second_judge"]
    precedences = [replace(question("a"), role=role).precedence for role in way]

    assert precedences == sorted(precedences)
    assert len(set(precedences)) == len(way)
    assert replace(question("a"), role="strong[0]").precedence == precedences[3]
    assert replace(question("a"), role="judge").precedence == precedences[5]
