"""The stages of the gateway service."""

from typing import Any

from chimera_gateway.reverifying import Reverifying
from chimera_gateway.tracker import Tracker
from chimera_shared import topics
from chimera_shared.stage import Stage


def stages(tracker: Tracker, reverifying: Reverifying) -> list[Stage[Any]]:
    """Every stage of the service."""
    return [
        Stage("count-topics", consumes=topics.TOPICS_EXPANDED, reaction=tracker.track),
        Stage("count-requests", consumes=topics.PROBLEM_REQUESTED, reaction=tracker.track),
        Stage("count-problems", consumes=topics.PROBLEM_PROPOSED, reaction=tracker.track),
        Stage("count-validated", consumes=topics.PROBLEM_VALIDATED, reaction=tracker.track),
        Stage("count-solutions", consumes=topics.SOLUTION_SYNTHESISED, reaction=tracker.track),
        Stage("settle", consumes=topics.SAMPLE_SETTLED, reaction=tracker.settle),
        Stage("take-back", consumes=topics.SAMPLE_REVERIFIED, reaction=reverifying.take),
        Stage("count-controls", consumes=topics.CONTROL_CHECKED, reaction=tracker.control),
        Stage("give-up", consumes=topics.QUOTA_MISSED, reaction=tracker.give_up),
    ]
