"""Evaluation files: which models are measured on what, in one YAML file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera_client import budget
from chimera_client.buildfile import ENDPOINTS_FIELD, read_endpoints, role
from chimera_client.fields import Reader, Shorthand
from chimera_client.named_corpora import take_benchmarks
from chimera_client.yamlfile import parse_mapping, read_text
from chimera_shared import identity
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class EvaluationFile:
    """An evaluation file that was read. `endpoints` is None if the file names none of its own."""

    spec: evaluation_pb2.EvaluationSpec
    endpoints: Mapping[str, Endpoint] | None
    sha256: str
    corpora: Mapping[str, Path] = field(default_factory=dict)
    """Files that it names, by the names of corpora that stand for them in `spec`."""

    def request_id(self, generation: int = 1) -> str:
        """The same for the same content and name, so that running a file again continues its evaluation."""
        return f"{self.spec.name[:24]}-{self.sha256[:32]}-{generation}"


def read_evaluation_file(path: Path) -> EvaluationFile:
    """Read an evaluation file. InvalidInput names every wrong field; what they mean is judged by the evaluator."""
    text = read_text(path)
    spec, endpoints = parse_evaluation(parse_mapping(text, str(path)))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if corpora := take_benchmarks(spec, path.parent):
        sha256 = identity.digest("corpora", sha256, *corpora)
    return EvaluationFile(spec, endpoints, sha256, corpora)


def parse_evaluation(
    raw: Mapping[str, Any],
) -> tuple[evaluation_pb2.EvaluationSpec, Mapping[str, Endpoint] | None]:
    """The order in a mapping and its `endpoints`, if it has any; InvalidInput names every wrong field."""
    spec = evaluation_pb2.EvaluationSpec()
    reader = Reader(_SHORTHANDS)
    known = {key: value for key, value in raw.items() if key != budget.FIELD}
    if isinstance(candidates := known.get("candidates"), dict):  # `base: endpoint` instead of a list
        known["candidates"] = [{"name": str(name), "role": role} for name, role in candidates.items()]
    reader.fill(spec, known, extra=[ENDPOINTS_FIELD, budget.FIELD])
    endpoints, wrong = read_endpoints(raw)
    if violations := [*reader.violations, *wrong, *budget.take_budget(raw, spec.budget)]:
        raise InvalidInput(violations)
    return spec, endpoints


def _benchmark(raw: Any) -> Any:
    """`aime25` or `{corpus: aime25, samples: 32}`."""
    return {"corpus": raw} if isinstance(raw, str) else raw


_SHORTHANDS: Mapping[str, Shorthand] = {
    build_pb2.RoleSpec.DESCRIPTOR.full_name: role,
    evaluation_pb2.Benchmark.DESCRIPTOR.full_name: _benchmark,
}
