"""What makes an order of an evaluation valid, and what stands for what it leaves out."""

import re
from collections.abc import Iterable, Iterator

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera_shared.errors import Violation

MAX_SAMPLES = 1_024
MAX_CANDIDATES = 64
MAX_BENCHMARKS = 64
MAX_TASKS = 10_000_000
TEMPERATURE, TOP_P, TOP_K = 0.6, 0.95, 20
"""The decoding of CHIMERA's evaluations (arXiv 2603.00889)."""
_DEFAULT_CONFIDENCE = 0.95
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def with_defaults(spec: evaluation_pb2.EvaluationSpec) -> evaluation_pb2.EvaluationSpec:
    """A copy in which every field that was left out has the value that will be used."""
    full = evaluation_pb2.EvaluationSpec()
    full.CopyFrom(spec)
    for candidate in full.candidates:
        _decoding(candidate.role)
    for benchmark in full.benchmarks:
        benchmark.samples = benchmark.samples or 1
    if full.candidates:
        full.baseline = full.baseline or full.candidates[0].name
    full.confidence = full.confidence or _DEFAULT_CONFIDENCE
    return full


def _decoding(role: build_pb2.RoleSpec) -> None:
    for name, value in (("temperature", TEMPERATURE), ("top_p", TOP_P), ("top_k", TOP_K)):
        if not role.HasField(name):
            setattr(role, name, value)


def violations(spec: evaluation_pb2.EvaluationSpec) -> Iterator[Violation]:
    """Everything that is wrong with an order apart from its endpoints and corpora."""
    if not _NAME.fullmatch(spec.name):
        yield Violation("name", f"must be 1 to 64 letters, digits, -, _ and ., not {spec.name[:80]!r}")
    yield from _candidates(spec)
    yield from _benchmarks(spec)
    for i, how in enumerate(spec.perturbations):
        if how not in evaluation_pb2.Perturbation.values() or not how:
            yield Violation(f"perturbations[{i}]", "must be renamed, reordered, distracted or renumbered")
    if spec.seed < 0:
        yield Violation("seed", f"must not be negative, not {spec.seed}")
    if spec.confidence and not 0 < spec.confidence < 1:
        yield Violation("confidence", f"must be above 0 and below 1, not {spec.confidence:g}; 0 means 0.95")
    for field in ("cost_nanousd", "tokens", "calls"):
        if (value := getattr(spec.budget, field)) < 0:
            yield Violation(f"budget.{field}", f"must not be negative, not {value}; 0 means no limit")


def continued(spec: evaluation_pb2.EvaluationSpec, earlier: Iterable[evaluation_pb2.Evaluation]) -> str:
    """The evaluation whose paid answers one of this spec uses again; `earlier` are those of its name, newest first.

    One that failed asks the same once more, whatever it may spend. All that continue an evaluation share its ledger.
    """
    for other in earlier:
        if _unlimited(other.spec) == _unlimited(spec) and other.state != evaluation_pb2.EVALUATION_STATE_CANCELLED:
            failed = other.state == evaluation_pb2.EVALUATION_STATE_FAILED
            return (other.continues or other.evaluation_id) if failed else ""
    return ""


def _unlimited(spec: evaluation_pb2.EvaluationSpec) -> evaluation_pb2.EvaluationSpec:
    found = evaluation_pb2.EvaluationSpec()
    found.CopyFrom(spec)
    found.ClearField("budget")
    return found


def _candidates(spec: evaluation_pb2.EvaluationSpec) -> Iterator[Violation]:
    if not 1 <= len(spec.candidates) <= MAX_CANDIDATES:
        yield Violation("candidates", f"must name 1 to {MAX_CANDIDATES} models, not {len(spec.candidates)}")
    names = [candidate.name for candidate in spec.candidates]
    for i, name in enumerate(names):
        if not _NAME.fullmatch(name):
            yield Violation(f"candidates[{i}].name", f"must be 1 to 64 letters, digits, -, _ and ., not {name[:80]!r}")
        elif name in names[:i]:
            yield Violation(f"candidates[{i}].name", f"{name!r} is taken by another candidate; give each its own")
    if spec.baseline and spec.baseline not in names:
        known = ", ".join(names)
        yield Violation("baseline", f"must be the name of a candidate ({known}), not {spec.baseline[:80]!r}")


def _benchmarks(spec: evaluation_pb2.EvaluationSpec) -> Iterator[Violation]:
    if not 1 <= len(spec.benchmarks) <= MAX_BENCHMARKS:
        yield Violation("benchmarks", f"must name 1 to {MAX_BENCHMARKS} corpora, not {len(spec.benchmarks)}")
    names = [benchmark.corpus for benchmark in spec.benchmarks]
    for i, benchmark in enumerate(spec.benchmarks):
        at = f"benchmarks[{i}]"
        if benchmark.corpus in names[:i]:
            yield Violation(f"{at}.corpus", f"{benchmark.corpus!r} is named twice; name each once")
        if not 0 <= benchmark.samples <= MAX_SAMPLES:
            yield Violation(f"{at}.samples", f"must be from 1 to {MAX_SAMPLES}, not {benchmark.samples}")
        if benchmark.limit < 0:
            yield Violation(f"{at}.limit", f"must not be negative, not {benchmark.limit}; 0 means all")
