import asyncio

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client import AsyncClient, Client
from chimera_client.cli.session import Place
from chimera_client.connection import ServerUnreachable
from chimera_shared import errors

SIX = sample_pb2.Answer(value="6", type=sample_pb2.ANSWER_TYPE_NUMBER)
NOBODY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch):
    monkeypatch.delenv("CHIMERA_GATEWAY", raising=False)
    monkeypatch.delenv("CHIMERA_VERIFIER", raising=False)


async def test_grades_at_the_verifier_and_not_at_the_gateway(verifier):
    judge = build_pb2.RoleSpec(endpoints=["large"])
    async with AsyncClient(NOBODY, verifier.target) as client:
        right = await client.verifier.grade(SIX, "6", "How many?", judge=judge)
        wrong = await client.verifier.grade(SIX, "7")
    assert (right.verdict, wrong.verdict) == (sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT)
    first, second = verifier.asked
    assert (first.statement, first.reference, first.judge) == ("How many?", SIX, judge)
    assert not second.HasField("judge")


async def test_checks_a_sample_in_a_scope(verifier):
    spec, sample = build_pb2.BuildSpec(name="mine"), sample_pb2.Sample(ref=sample_pb2.SampleRef(sample_id="a" * 32))
    async with AsyncClient(None, verifier.target) as client:
        checked = await client.verifier.check(spec, sample, "scope-1")
        with pytest.raises(errors.InvalidInput, match="scope: must be"):
            await client.verifier.check(spec, sample, "")
    assert checked.outcome == sample_pb2.OUTCOME_ACCEPTED
    assert (verifier.asked[0].spec, verifier.asked[0].scope) == (spec, "scope-1")


async def test_the_synchronous_client_does_the_same(verifier):
    def work():
        with Client(NOBODY, verifier.target) as client:
            grade = client.verifier.grade(SIX, "6")
            return grade, client.verifier.check(build_pb2.BuildSpec(), sample_pb2.Sample(), "s")

    grade, sample = await asyncio.to_thread(work)
    assert (grade.verdict, sample.outcome) == (sample_pb2.VERDICT_CORRECT, sample_pb2.OUTCOME_ACCEPTED)


async def test_the_variable_names_the_verifier(verifier, monkeypatch):
    monkeypatch.setenv("CHIMERA_VERIFIER", verifier.target)
    async with AsyncClient(NOBODY) as client:
        assert (await client.verifier.grade(SIX, "6")).method == "text"


async def test_nobody_guesses_the_verifier_of_a_gateway_elsewhere(monkeypatch):
    async with AsyncClient(NOBODY) as client:
        with pytest.raises(errors.InvalidInput, match="verifier: the gateway is named and the verifier is not"):
            _ = client.verifier
    monkeypatch.setenv("CHIMERA_GATEWAY", NOBODY)
    async with AsyncClient() as client:
        with pytest.raises(errors.InvalidInput, match="CHIMERA_VERIFIER or --verifier"):
            _ = client.verifier


async def test_a_verifier_that_is_not_there_is_one_sentence():
    async with AsyncClient(None, NOBODY) as client:
        with pytest.raises(ServerUnreachable) as caught:
            await client.verifier.grade(SIX, "6")
    assert str(caught.value) == (
        f"cannot reach the verifier at {NOBODY}: start one with `chimera up` or set CHIMERA_VERIFIER"
    )


async def test_an_address_that_is_none_says_which():
    with pytest.raises(errors.InvalidInput, match=r"verifier: must be HOST:PORT .* mend CHIMERA_VERIFIER or --verif"):
        AsyncClient(None, "nowhere")


def test_a_command_for_a_verifier_starts_none_beside_a_gateway_elsewhere(tmp_path, monkeypatch):
    assert not Place.of_verifier(None, tmp_path).elsewhere
    assert Place.of_verifier(NOBODY, tmp_path).words == ["--verifier", NOBODY]
    monkeypatch.setenv("CHIMERA_GATEWAY", NOBODY)
    assert Place.of_verifier(None, tmp_path).elsewhere
