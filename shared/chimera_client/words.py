"""The contract's enumerations in words that need no glossary."""

from collections.abc import Mapping

from chimera.build.v1 import build_pb2
from chimera.model.v1 import model_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera.training.v1 import training_pb2
from chimera_client.text import line

_REASONS: Mapping[str, str] = {
    "UNTYPED_ANSWER": "the answer was empty or not of its type",
    "PROOF": "asked for a proof or an essay",
    "MULTI_PART": "asked several questions at once",
    "NOT_SELF_CONTAINED": "needed a figure or a text that was not there",
    "DUPLICATE": "repeated an earlier problem",
    "PANEL_DISAGREES": "an independent model found another answer",
    "PANEL_UNDECIDED": "independent models reached no decision",
    "SOLUTION_INCORRECT": "the solution ended in another answer",
    "SOLUTION_UNDECIDED": "the solution could not be graded",
    "MALFORMED_ANSWER": "a model answered in the wrong form",
    "TRUNCATED_ANSWER": "a model's answer was cut off",
    "ENDPOINT_FAILED": "a model endpoint failed",
    "TIME_LIMIT": "took too long",
    "INTERNAL": "a defect of the platform",
    "REFUSED_BY_MODEL": "a model declined to answer",
    "LEAK": "gave away an item of a benchmark",
    "VARIANT": "was an earlier problem with other numbers or names",
    "OFF_SUBJECT": "did not belong to its subject",
    "ILL_POSED": "had no answer, or more than one",
    "TOO_EASY": "was too easy for the weak reference model",
    "TOO_HARD": "was too hard for the strong reference model",
    "SCREEN_UNDECIDED": "screeners reached no decision",
    "DIFFICULTY_UNDECIDED": "how hard it is could not be told",
    "RECALLED": "rested on evidence that was recalled",
}

_STOPS: Mapping[int, str] = {
    build_pb2.STOP_REASON_ACCEPTANCE_BELOW_FLOOR: "too few samples passed the checks",
    build_pb2.STOP_REASON_EXPANSION_FAILED: "no topics could be made for a subject",
    build_pb2.STOP_REASON_ENDPOINTS_FAILING: "the model endpoints fail",
    build_pb2.STOP_REASON_BUDGET_SPENT: "its budget is spent",
    build_pb2.STOP_REASON_TIME_LIMIT: "its time is over",
}

_STOP_ADVICE: Mapping[int, str] = {
    build_pb2.STOP_REASON_ACCEPTANCE_BELOW_FLOOR: (
        "look at rejected samples, then change the models or the limits of `difficulty`, or lower `acceptance_floor`"
    ),
    build_pb2.STOP_REASON_EXPANSION_FAILED: "give that subject `topics` of its own, or another proposer",
    build_pb2.STOP_REASON_ENDPOINTS_FAILING: "check the endpoints with `chimera doctor FILE`",
    build_pb2.STOP_REASON_BUDGET_SPENT: (
        "raise `budget` in the build file, or lower `max_tokens`, by which a call's highest price is reckoned"
    ),
    build_pb2.STOP_REASON_TIME_LIMIT: "raise `budget.time` in the build file",
}


def reason_words(name: str) -> str:
    """A reason's name, with or without its prefix, in plain words; an unknown name stays itself."""
    key = name.upper().removeprefix("REASON_")
    return _REASONS.get(key) or line(key.lower().replace("_", " "), 60)


def reason_names() -> list[str]:
    """The names that `--reason` takes."""
    return [name.lower() for name in _REASONS]


def reason_of(name: str) -> int:
    """The reason of that name; ValueError if there is none."""
    return sample_pb2.Reason.Value(f"REASON_{name.upper().removeprefix('REASON_')}")


def stop_words(reason: int) -> str:
    """Why a build failed; empty if it did not."""
    return _STOPS.get(reason, "")


def ended_early(build: build_pb2.Build) -> str:
    """Why a build ended before all its samples were accepted, as half a sentence."""
    if build.state == build_pb2.BUILD_STATE_CANCELLED:
        return "it was cancelled"
    return stop_words(build.stop_reason) or "it failed"


def stop_advice(reason: int) -> str:
    """What to do about a failed build; empty if nothing general can be said."""
    return _STOP_ADVICE.get(reason, "")


def agreement_words(spec: build_pb2.BuildSpec, panel: str = "them") -> str:
    """Who of the panel must agree with a reference answer: `all of them`."""
    if spec.panel_rule == build_pb2.PANEL_RULE_WEIGHTED:
        return f"members with at least {spec.panel_threshold:.0%} of all weights".replace("%", " %")
    return f"{'more than half' if spec.panel_rule == build_pb2.PANEL_RULE_MAJORITY else 'all'} of {panel}"


def reason_name(reason: int) -> str:
    """The name of a sample's reason; empty if it has none, or one that this client does not know."""
    return sample_pb2.Reason.Name(reason) if reason and reason in sample_pb2.Reason.values() else ""


def state_words(state: int) -> str:
    """`running`, `paused`, `succeeded`, `failed`, `cancelled`."""
    return _short(build_pb2.BuildState, state, "BUILD_STATE_")


def recall_state_words(state: int) -> str:
    """`running`, `succeeded`, `cancelled`, `failed`."""
    return _short(recall_pb2.RecallState, state, "RECALL_STATE_")


def outcome_words(outcome: int) -> str:
    """`accepted`, `rejected`, `unknown`."""
    return _short(sample_pb2.Outcome, outcome, "OUTCOME_")


def verdict_words(verdict: int) -> str:
    """`correct`, `incorrect`, `unknown`."""
    return _short(sample_pb2.Verdict, verdict, "VERDICT_")


def screen_words(kind: int) -> str:
    """`subject`, `self contained`, `single answer`."""
    return _short(sample_pb2.ScreenKind, kind, "SCREEN_KIND_").replace("_", " ")


def answer_type_words(kind: int) -> str:
    """`number`, `expression`, `choice` and so on."""
    return _short(sample_pb2.AnswerType, kind, "ANSWER_TYPE_")


def control_kind_words(kind: int) -> str:
    """`good`, `wrong answer`, `leak` and so on."""
    return _short(control_pb2.ControlKind, kind, "CONTROL_KIND_").replace("_", " ")


def method_words(method: int) -> str:
    """A method as files name it."""
    return _short(training_pb2.Method, method, "METHOD_")


def source_words(source: model_pb2.ModelSource) -> str:
    """Where a model came from."""
    which = source.WhichOneof("source")
    return line(getattr(source, which), 80) if which else "nothing"


def _short(enum: object, value: int, prefix: str) -> str:
    # A newer server may know values that this client does not.
    try:
        return str(enum.Name(value)).removeprefix(prefix).lower()  # type: ignore[attr-defined]
    except ValueError:
        return f"number {value}"
