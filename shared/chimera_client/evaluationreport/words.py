"""Words of evaluations."""

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.report.numbers import percent

PLAIN = evaluation_pb2.PERTURBATION_UNSPECIFIED
_PERTURBATIONS = {
    evaluation_pb2.PERTURBATION_UNSPECIFIED: "as it is",
    evaluation_pb2.PERTURBATION_RENAMED: "people renamed",
    evaluation_pb2.PERTURBATION_REORDERED: "choices reordered",
    evaluation_pb2.PERTURBATION_DISTRACTED: "with a distraction",
    evaluation_pb2.PERTURBATION_RENUMBERED: "with other numbers",
}


def state_words(state: "evaluation_pb2.EvaluationState") -> str:
    """`running`."""
    return evaluation_pb2.EvaluationState.Name(state).removeprefix("EVALUATION_STATE_").lower()


def perturbation_words(how: "evaluation_pb2.Perturbation") -> str:
    """`people renamed`."""
    return _PERTURBATIONS.get(how, str(how))


def pass_words(at: evaluation_pb2.PassAt) -> str:
    """`72.0 % (64.1–79.0)`."""
    return f"{percent(at.value)} ({100 * at.low:.1f}–{100 * at.high:.1f})"


def interval_words(at: evaluation_pb2.PassAt) -> str:
    """`64.1–79.0 %`."""
    return f"{100 * at.low:.1f}–{100 * at.high:.1f} %"


def difference_words(of: evaluation_pb2.Comparison) -> str:
    """`+12.0 points (4.1 to 19.8), p = 0.003`."""
    p = p_words(of)
    return f"{points_words(of)}, p {p if p.startswith('<') else f'= {p}'}"


def points_words(of: evaluation_pb2.Comparison) -> str:
    """`+12.0 points (4.1 to 19.8)`."""
    return f"{100 * of.difference:+.1f} points ({100 * of.low:.1f} to {100 * of.high:.1f})"


def p_words(of: evaluation_pb2.Comparison) -> str:
    """`0.003`, `< 0.001`."""
    return "< 0.001" if of.p_value < 0.001 else f"{of.p_value:.3f}"


def is_clear(of: evaluation_pb2.Comparison) -> bool:
    """Whether the interval leaves no difference out."""
    return of.low > 0 or of.high < 0


def whole_scores(
    evaluation: evaluation_pb2.Evaluation, how: "evaluation_pb2.Perturbation" = PLAIN
) -> list[evaluation_pb2.Score]:
    """The scores over all subjects, of problems asked in this way."""
    return [score for score in evaluation.scores if not score.subject and score.perturbation == how]
