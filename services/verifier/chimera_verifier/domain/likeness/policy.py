"""What follows from how a problem relates to those before it."""

from collections.abc import Sequence

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.decision import Refusal

_GRAVITY = {
    sample_pb2.RELATION_LEAK: sample_pb2.REASON_LEAK,
    sample_pb2.RELATION_DUPLICATE: sample_pb2.REASON_DUPLICATE,
    sample_pb2.RELATION_VARIANT: sample_pb2.REASON_VARIANT,
}
"""What a problem is refused for, the gravest first."""


def ruled(
    relation: "sample_pb2.Relation", benchmark: bool, spec: build_pb2.SimilaritySpec
) -> tuple["sample_pb2.Relation", bool]:
    """The relation as it is told of, and whether a problem is refused for it."""
    if relation == sample_pb2.RELATION_DUPLICATE:
        return sample_pb2.RELATION_LEAK if benchmark else relation, True
    if relation != sample_pb2.RELATION_VARIANT:
        return relation, False
    policy = spec.benchmark_variants if benchmark else spec.variants
    refused = policy == build_pb2.VARIANT_POLICY_REFUSE or (benchmark and policy != build_pb2.VARIANT_POLICY_KEEP)
    return sample_pb2.RELATION_LEAK if benchmark and refused else relation, refused


def refusal_of(matches: Sequence[sample_pb2.Match], build: str) -> Refusal | None:
    """Why a problem is refused for the gravest of its matches; None if for none."""
    for relation, reason in _GRAVITY.items():
        for match in matches:
            if match.refused and match.relation == relation:
                return reason, _sentence(match, build)
    return None


def _sentence(match: sample_pb2.Match, build: str) -> str:
    if match.relation == sample_pb2.RELATION_LEAK:
        return f"it gives away item {match.item} of the benchmark {match.corpus}{_how(match)}"
    where = f"sample {match.item}" if match.corpus == build else f"item {match.item} of the corpus {match.corpus}"
    if match.relation == sample_pb2.RELATION_VARIANT:
        return f"{where} with other numbers or names{_how(match)}"
    return f"the same problem as {where}{_how(match)}"


def _how(match: sample_pb2.Match) -> str:
    return "" if match.method == "exact" else f" ({match.method}, {match.score:.2f})"
