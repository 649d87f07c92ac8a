"""The stages of a sample: where each of its calls was made, and where it ended. Pure."""

from collections.abc import Iterator, Mapping

from chimera.sample.v1 import sample_pb2

PROPOSE, SCREEN, PANEL, DIFFICULTY, SOLVE, GRADE, RECALL = (
    "propose",
    "screen",
    "panel",
    "difficulty",
    "solve",
    "grade",
    "recall",
)

WORDS: Mapping[str, str] = {
    PROPOSE: "Proposing",
    SCREEN: "Screening",
    PANEL: "Blind panel",
    DIFFICULTY: "Difficulty",
    SOLVE: "Solving",
    GRADE: "Grading",
    RECALL: "Recall",
}

STAGES = tuple(WORDS)

_STAGE_OF_REASON: Mapping[int, str] = {
    sample_pb2.REASON_UNTYPED_ANSWER: SCREEN,
    sample_pb2.REASON_PROOF: SCREEN,
    sample_pb2.REASON_MULTI_PART: SCREEN,
    sample_pb2.REASON_NOT_SELF_CONTAINED: SCREEN,
    sample_pb2.REASON_DUPLICATE: SCREEN,
    sample_pb2.REASON_LEAK: SCREEN,
    sample_pb2.REASON_VARIANT: SCREEN,
    sample_pb2.REASON_OFF_SUBJECT: SCREEN,
    sample_pb2.REASON_ILL_POSED: SCREEN,
    sample_pb2.REASON_SCREEN_UNDECIDED: SCREEN,
    sample_pb2.REASON_PANEL_DISAGREES: PANEL,
    sample_pb2.REASON_PANEL_UNDECIDED: PANEL,
    sample_pb2.REASON_TOO_EASY: DIFFICULTY,
    sample_pb2.REASON_TOO_HARD: DIFFICULTY,
    sample_pb2.REASON_DIFFICULTY_UNDECIDED: DIFFICULTY,
    sample_pb2.REASON_SOLUTION_INCORRECT: GRADE,
    sample_pb2.REASON_SOLUTION_UNDECIDED: GRADE,
    sample_pb2.REASON_RECALLED: RECALL,
}


def stage_of_reason(reason: int) -> str | None:
    """The one stage that gives this reason; None for failures that may happen at any."""
    return _STAGE_OF_REASON.get(reason)


def lost_at(sample: sample_pb2.Sample) -> str:
    """Where a sample that was not accepted ended; what failed between proposal and solution ended at the panel."""
    if stage := stage_of_reason(sample.reason):
        return stage
    if not sample.problem.statement:
        return PROPOSE
    if sample.solution.text:
        return GRADE
    return SOLVE if sample.validation.votes else PANEL


def staged_calls(sample: sample_pb2.Sample) -> Iterator[tuple[str, sample_pb2.ModelCall]]:
    """Every call that is kept with the sample, and the stage that made it."""
    validation = sample.validation
    for call in sample.problem.calls:
        yield PROPOSE, call
    looks = ([match.calls for match in validation.matches], [screening.calls for screening in validation.screenings])
    for calls in (*looks[0], *looks[1]):
        for call in calls:
            yield SCREEN, call
    votes = (
        (PANEL, validation.votes),
        (DIFFICULTY, validation.difficulty.weak),
        (DIFFICULTY, validation.difficulty.strong),
    )
    for stage, cast in votes:
        for vote in cast:
            for call in (*vote.calls, *vote.grade.calls):
                yield stage, call
    for call in sample.solution.calls:
        yield SOLVE, call
    for call in sample.grade.calls:
        yield GRADE, call
