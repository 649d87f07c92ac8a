import json
import math

import pytest
from pydantic import ValidationError

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.generator.v1 import generator_service_pb2
from chimera.sample.v1 import sample_pb2
from chimera_generator import proposer, solver
from chimera_generator.domain.problems import ANGLES, MAX_ANSWER_CHARS, ProblemForm, angle
from chimera_generator.proposer import Proposer
from chimera_generator.servicer import GeneratorServicer
from chimera_generator.solver import Solver
from chimera_shared.endpoints.models import Reply, Structured
from chimera_shared.errors import InvalidInput, SampleFailure

CALL = sample_pb2.ModelCall(call_id="c", usage=sample_pb2.Usage(calls=1))
REF = sample_pb2.SampleRef(
    sample_id="a" * 32, build_id="b1", subject="Physics $subject", field="Optics", topic="Lenses\\1", seed=11
)
SECRET = "the-reference-answer"
PROBLEM = sample_pb2.Problem(
    statement="What is $1+1$? ${problem}",
    reference=sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_TEXT, value=SECRET, unit="kg", choices=[SECRET]),
)
BUILD = build_pb2.Build(
    build_id="b1",
    spec=build_pb2.BuildSpec(roles={"proposer": {"endpoints": ["a"]}, "solver": {"endpoints": ["s"], "max_tokens": 9}}),
)


def problem(**answer) -> str:
    whole = {"type": "number", "value": "2", "unit": "", "tolerance": 0, "choices": []} | answer
    return json.dumps({"problem": " 1+1? ", "answer": whole})


class Models:
    """Answers from a script and remembers the questions."""

    def __init__(self, answer) -> None:
        self.answer, self.questions = answer, []

    async def ask(self, question):
        self.questions.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def ask_structured(self, question, name, form):
        self.asked_for = (name, form)
        return await self.ask(question)


@pytest.mark.parametrize(
    "name", [name.removeprefix("ANSWER_TYPE_").lower() for name in sample_pb2.AnswerType.keys()[1:]]
)
def test_every_answer_type_becomes_its_own(name):
    answer = ProblemForm.model_validate_json(problem(type=name, unit="m", tolerance=0.01, choices=["x", "y"])).answer

    assert answer.to_proto() == sample_pb2.Answer(
        type=f"ANSWER_TYPE_{name.upper()}", value="2", unit="m", tolerance=0.01, choices=["x", "y"]
    )


def test_every_answer_type_of_the_contract_can_be_proposed():
    schema = json.dumps(ProblemForm.model_json_schema())

    for name in sample_pb2.AnswerType.keys():  # noqa: SIM118 - an enum wrapper, no mapping
        short = name.removeprefix("ANSWER_TYPE_").lower()
        assert (f'"{short}"' in schema) == (short != "unspecified")


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "proof"},
        {"type": "NUMBER"},
        {"type": None},
        {"value": ""},
        {"value": 2},
        {"value": "x" * (MAX_ANSWER_CHARS + 1)},
        {"tolerance": -0.1},
        {"tolerance": 1},
        {"tolerance": math.nan},
        {"tolerance": math.inf},
        {"choices": ["x"] * 27},
        {"unit": "x" * 101},
    ],
)
def test_malformed_problems_are_refused(answer):
    with pytest.raises(ValidationError):
        ProblemForm.model_validate_json(problem(**answer))


@pytest.mark.parametrize("raw", ["{}", '{"problem": ""}', '{"problem": "x"}', "[]", '{"problem": "x", "answer": null}'])
def test_incomplete_problems_are_refused(raw):
    with pytest.raises(ValidationError):
        ProblemForm.model_validate_json(raw)


def test_what_may_be_left_out():
    form = ProblemForm.model_validate_json('{"problem": "x", "answer": {"type": "number", "value": "2"}}')

    assert form.answer.to_proto() == sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="2")


def test_angles_take_turns_for_any_seed():
    assert {angle(seed) for seed in range(len(ANGLES))} == set(ANGLES)
    assert angle(-1) in ANGLES
    assert angle(2**31 - 1) in ANGLES


async def test_a_problem_is_proposed_about_its_topic():
    models = Models(Structured(ProblemForm.model_validate_json(problem()), (CALL,)))

    event = await Proposer(models).propose(events_pb2.ProblemRequested(ref=REF), BUILD)

    assert event.ref == REF
    assert event.problem == sample_pb2.Problem(
        statement="1+1?", reference=sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="2"), calls=[CALL]
    )
    [question] = models.questions
    assert models.asked_for == ("problem", ProblemForm)
    assert (question.build_id, question.role, question.seed) == ("b1", "proposer", 11)
    assert question.spec == BUILD.spec.roles.proposer
    lines = question.messages[1]["content"].splitlines()
    assert {"Subject: Physics $subject", "Field: Optics", "Topic: Lenses\\1", f"Angle: {angle(11)}"} <= set(lines)


async def test_the_solver_sees_the_bare_statement_and_never_the_reference():
    models = Models(Reply("It is \\boxed{2}", "hm", (CALL,)))
    validation = sample_pb2.Validation(fingerprint=SECRET)
    event = events_pb2.ProblemValidated(ref=REF, problem=PROBLEM, validation=validation)

    found = await Solver(models).solve(event, BUILD)

    [question] = models.questions
    assert question.messages[1] == {"role": "user", "content": PROBLEM.statement}
    assert "\\boxed{" in question.messages[0]["content"]
    assert SECRET not in str(question.messages)
    assert (question.role, question.spec) == ("solver", BUILD.spec.roles.solver)
    assert question.seed != REF.seed
    assert found.solution == sample_pb2.Solution(text="It is \\boxed{2}", reasoning="hm", calls=[CALL])
    assert (found.ref, found.problem, found.validation) == (REF, PROBLEM, validation)


async def test_failures_are_events_that_carry_all_that_is_known():
    failure = SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, "cut off", [CALL])
    validated = events_pb2.ProblemValidated(ref=REF, problem=PROBLEM, validation=sample_pb2.Validation(fingerprint="f"))
    with pytest.raises(SampleFailure):
        await Solver(Models(failure)).solve(validated, BUILD)

    unsolved = solver.failed(validated, failure.to_proto())
    unproposed = proposer.failed(events_pb2.ProblemRequested(ref=REF), failure.to_proto())

    assert unsolved.WhichOneof("result") == unproposed.WhichOneof("result") == "failure"
    assert unsolved.failure == failure.to_proto()
    assert (unsolved.ref, unsolved.problem, unsolved.validation) == (REF, PROBLEM, validated.validation)
    assert unproposed == events_pb2.ProblemProposed(ref=REF, failure=failure.to_proto())


async def test_a_preview_names_every_missing_field():
    servicer = GeneratorServicer(Proposer(Models(None)))

    with pytest.raises(InvalidInput) as caught:
        await servicer.PreviewProblem(generator_service_pb2.PreviewProblemRequest(), None)

    assert [v.field for v in caught.value.violations] == ["subject", "topic", "proposer.endpoints"]


async def test_a_preview_proposes_outside_any_build():
    models = Models(Structured(ProblemForm.model_validate_json(problem()), (CALL,)))
    request = generator_service_pb2.PreviewProblemRequest(
        subject="Physics", topic="Lenses", seed=-3, proposer={"endpoints": ["a"]}
    )

    found = await GeneratorServicer(Proposer(models)).PreviewProblem(request, None)

    assert found.statement == "1+1?"
    assert models.questions[0].build_id == "preview"
