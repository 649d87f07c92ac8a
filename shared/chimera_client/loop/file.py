"""Loop files: which data is built, what is trained on it and how that is measured, in one YAML file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_client.buildfile import BuildFile, parse_build, read_build_file, read_endpoints, role
from chimera_client.evaluationfile import EvaluationFile, parse_evaluation
from chimera_client.fields import Reader, Shorthand, shown, unknown_field
from chimera_client.named_corpora import take_benchmarks, take_files
from chimera_client.trainingfile import parse_training, with_absolute_base
from chimera_client.yamlfile import parse_mapping, read_text
from chimera_shared import identity
from chimera_shared.checkers import validate_role
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.serving import Serving
from chimera_shared.errors import InvalidInput, Violation
from chimera_shared.registry import NAME, VERSION

STUDENT = "student"
"""The endpoint at which the loop serves its models."""
_FIELDS = frozenset({
    "name", "build", "exam", "base", "trainings", "seeds", "serve", STUDENT, "evaluation", "rounds", "partial",
    "endpoints",
})  # fmt: skip
_NO_CONTENT = frozenset({"rounds", "partial"})
"""Fields that say how far a loop goes, and make no other loop of it."""
_MAX_STEPS, _MAX_SEEDS, _MAX_ROUNDS = 8, 16, 20
_MAX_MODELS = 64
"""Of one evaluation."""
_SEEDS = 1 << identity.SEED_BITS
_MAX_EXAM, _MAX_SAMPLES = 100_000, 1_024


@dataclass(frozen=True, slots=True)
class Exam:
    """Problems of the same kind that are built first and measured with: how many, and how often each is asked."""

    problems: int
    samples: int


@dataclass(frozen=True, slots=True)
class Step:
    """One training of the chain: what it is called, and what it orders besides name, base, data and seed."""

    name: str
    spec: training_pb2.TrainingSpec


@dataclass(frozen=True, slots=True)
class LoopFile:
    """A loop file that was read."""

    name: str
    build: BuildFile
    exam: Exam | None
    """None if the evaluation names all that is measured."""
    base: model_pb2.ModelSource
    steps: tuple[Step, ...]
    seeds: tuple[int, ...]
    serve: Serving | None
    """How models are served here; None if `student` names an endpoint that serves them."""
    student: build_pb2.RoleSpec
    """Where models are asked, and how they decode."""
    evaluation: EvaluationFile
    """What is measured beside the exam, and how."""
    rounds: int
    partial: bool
    """Whether the loop goes on with what a build has that ends early."""
    endpoints: Mapping[str, Endpoint]
    sha256: str

    @property
    def loop_id(self) -> str:
        """The same for the same file, so that running it again goes on."""
        return f"l{identity.digest('loop', self.name, self.sha256)[:15]}"


def read_loop_file(path: Path, rounds: int | None = None, *, partial: bool = False) -> LoopFile:
    """Read a loop file; `rounds` and `partial` stand in the place of its own. InvalidInput names every wrong field."""
    text = read_text(path)
    raw = parse_mapping(text, str(path))
    if rounds is not None:
        raw["rounds"] = rounds
    if partial:
        raw["partial"] = True
    reading = _Reading(raw, path.parent)
    file = reading.file()
    if reading.wrong:
        raise InvalidInput(reading.wrong)
    said = json.dumps({k: v for k, v in raw.items() if k not in _NO_CONTENT}, sort_keys=True, default=str)
    digest = identity.digest("loop file", said, file.build.sha256, file.evaluation.sha256, _content(file.base))
    return replace(file, sha256=digest)


def _content(base: model_pb2.ModelSource) -> str:
    """Tells whether a base that is a folder has changed."""
    if not base.path or not Path(base.path).is_dir():
        return ""
    files = ((path.name, path.stat()) for path in sorted(Path(base.path).iterdir()) if path.is_file())
    return identity.digest("base", *(f"{name}/{stat.st_size}/{stat.st_mtime_ns}" for name, stat in files))


class _Reading:
    """One file: what it says, and everything that is wrong with it."""

    def __init__(self, raw: Mapping[str, Any], folder: Path) -> None:
        self._raw = raw
        self._folder = folder
        self.wrong = [Violation(str(key), unknown_field(key, _FIELDS)) for key in raw if key not in _FIELDS]

    def file(self) -> LoopFile:
        name = self._name()
        base = self._base()
        serve, student = self._serve(base), self._student()
        endpoints, wrong = read_endpoints(self._raw)
        self.wrong += wrong
        build = self._build(name)
        own = {**(build.endpoints or {}), **(endpoints or {})}
        exam = self._exam()
        evaluation = self._evaluation(name)
        if exam is None and not evaluation.spec.benchmarks:
            self._say("exam", "give the number of problems to measure with, or name evaluation.benchmarks")
        if serve is None and not student.endpoints:
            self._say("serve", "say how models are served here, or by `student` which endpoint serves them")
        if serve is not None and student.endpoints:
            self._say("student.endpoints", "is given with `serve`; keep one of the two")
        seeds, steps = self._seeds(), tuple(self._steps())
        rounds = self._whole("rounds", self._raw.get("rounds", 1), 1, _MAX_ROUNDS)
        tuned = len(seeds) * (len(steps) + rounds - 1)
        if 1 + tuned > _MAX_MODELS:
            self._say("seeds", f"makes {tuned} models to measure beside each other; at most {_MAX_MODELS - 1} are")
        if STUDENT in own and serve is not None:
            self._say(f"endpoints.{STUDENT}", "is the name of what `serve` serves; give it another name")
        return LoopFile(
            name=name,
            build=build,
            exam=exam,
            base=base,
            steps=steps,
            seeds=seeds,
            serve=serve and serve.model_copy(update={"max_versions": max(serve.max_versions, tuned)}),
            student=student,
            evaluation=evaluation,
            rounds=rounds,
            partial=self._partial(),
            endpoints=own,
            sha256="",
        )

    def _say(self, field: str, description: str) -> None:
        self.wrong.append(Violation(field, description))

    def _name(self) -> str:
        name = self._raw.get("name", "")
        if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > 40:
            self._say("name", f"must be 1 to 40 letters, digits, -, _ and single ., not {shown(name)}")
            return "loop"
        return name

    def _base(self) -> model_pb2.ModelSource:
        raw = self._raw.get("base")
        try:
            base = with_absolute_base(parse_training({"base": raw}), self._folder).base
        except InvalidInput as error:
            self.wrong += error.violations
            return model_pb2.ModelSource()
        kind = base.WhichOneof("source")
        if kind is None or (kind == "registered" and not VERSION.fullmatch(base.registered)):
            self._say("base", f"must be a model such as tiny@1, owner/name or ./folder, not {shown(raw)}")
        return base

    def _exam(self) -> Exam | None:
        """`200`, or `{problems: 200, samples: 4}`."""
        raw = self._raw.get("exam")
        if raw is None:
            return None
        told = raw if isinstance(raw, dict) else {"problems": raw}
        for key in told.keys() - {"problems", "samples"}:
            self._say(f"exam.{key}", unknown_field(key, ["problems", "samples"]))
        problems = self._whole("exam.problems", told.get("problems"), 1, _MAX_EXAM)
        return Exam(problems, self._whole("exam.samples", told.get("samples", 1), 1, _MAX_SAMPLES))

    def _whole(self, field: str, value: Any, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._say(field, f"must be a whole number from {least:,} to {most:,}, not {shown(value)}")
            return least
        return int(value)

    def _partial(self) -> bool:
        raw = self._raw.get("partial", False)
        if not isinstance(raw, bool):
            self._say("partial", f"must be true or false, not {shown(raw)}")
        return raw is True

    def _seeds(self) -> tuple[int, ...]:
        seeds = self._raw.get("seeds", [0])
        whole = isinstance(seeds, list) and all(isinstance(s, int) and not isinstance(s, bool) for s in seeds)
        if (
            not whole
            or not 1 <= len(set(seeds)) == len(seeds) <= _MAX_SEEDS
            or not 0 <= min(seeds) <= max(seeds) < _SEEDS
        ):
            allowed = f"1 to {_MAX_SEEDS} different whole numbers below {_SEEDS:,}, such as [0, 1, 2]"
            self._say("seeds", f"must be {allowed}, not {shown(seeds)}")
            return (0,)
        return tuple(seeds)

    def _build(self, name: str) -> BuildFile:
        """A build file's path, or what would stand in it."""
        raw = self._raw.get("build")
        try:
            if isinstance(raw, str):
                return read_build_file(self._folder / Path(raw).expanduser())
            if isinstance(raw, dict):
                spec, endpoints = parse_build({"name": name, **raw})
                corpora = take_files(spec, self._folder)
                return BuildFile(spec, endpoints, identity.digest("build", repr(raw), *corpora), corpora)
            self._say("build", "name a build file, or write its fields here")
        except InvalidInput as error:
            self._within("build", error)
        return BuildFile(build_pb2.BuildSpec(), None, "")

    def _evaluation(self, name: str) -> EvaluationFile:
        raw = self._raw.get("evaluation", {})
        spec = evaluation_pb2.EvaluationSpec()
        try:
            if not isinstance(raw, dict):
                self._say("evaluation", f"must be a mapping of what an evaluation file has, not {shown(raw)}")
            elif taken := sorted({"candidates", "baseline", "name", "endpoints", "budget"} & raw.keys()):
                self._say(
                    f"evaluation.{taken[0]}", "is not for a loop, which measures all its models to the end; remove it"
                )
            else:
                spec, _ = parse_evaluation({"name": name, **raw})
                corpora = take_benchmarks(spec, self._folder)
                return EvaluationFile(spec, None, identity.digest("evaluation", repr(raw), *corpora), corpora)
        except InvalidInput as error:
            self._within("evaluation", error)
        return EvaluationFile(spec, None, "")

    def _steps(self) -> Sequence[Step]:
        raw = self._raw.get("trainings")
        if not isinstance(raw, dict) or not 1 <= len(raw) <= _MAX_STEPS:
            self._say("trainings", f"must be 1 to {_MAX_STEPS} trainings by their names, such as sft: {{method: sft}}")
            return []
        steps = []
        for name, order in raw.items():
            field = f"trainings.{name}"
            if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > 20:
                self._say(field, "must be named by 1 to 20 letters, digits, -, _ and single .")
            elif not isinstance(order, dict):
                self._say(field, f"must be a mapping of what a training file has, not {shown(order)}")
            elif taken := sorted({"name", "base", "dataset_id", "seed"} & order.keys()):
                self._say(f"{field}.{taken[0]}", "is the loop's own; remove it")
            elif "method" not in order:
                self._say(f"{field}.method", "must be sft, grpo or cispo")
            else:
                try:
                    steps.append(Step(name, parse_training(order)))
                except InvalidInput as error:
                    self._within(field, error)
        return steps

    def _serve(self, base: model_pb2.ModelSource) -> Serving | None:
        if "serve" not in self._raw:
            return None
        raw = self._raw["serve"] or {}
        if not isinstance(raw, dict) or (taken := sorted({"engine", "source", "revision", "registered"} & raw.keys())):
            field = f"serve.{taken[0]}" if isinstance(raw, dict) else "serve"
            self._say(
                field, "holds how models are served, such as {max_batch: 64}; engine and models are the loop's own"
            )
            return None
        source, _, revision = base.hub.partition("@") if base.hub else (base.registered or base.path or "-", "", "")
        own = {"engine": "transformers", "source": source, "revision": revision, "registered": True}
        try:
            return Serving.model_validate({**raw, **own})
        except ValidationError as error:
            for each in error.errors():
                self._say(".".join(map(str, ("serve", *each["loc"]))), each["msg"].removeprefix("Value error, "))
            return None

    def _student(self) -> build_pb2.RoleSpec:
        spec = build_pb2.RoleSpec()
        reader = Reader(_SHORTHANDS)
        if STUDENT in self._raw:
            reader.fill(spec, self._raw[STUDENT], STUDENT)
        if spec.model:
            self._say(f"{STUDENT}.model", "is the loop's own, which asks for the versions that it trained; remove it")
        if not reader.violations:
            names = list(spec.endpoints) or [STUDENT]
            asked = build_pb2.RoleSpec()
            asked.CopyFrom(spec)
            asked.endpoints[:] = names
            known = {name: Endpoint(base_url="http://student/v1", model=STUDENT) for name in names}
            self.wrong += validate_role(STUDENT, asked, known)
        self.wrong += reader.violations
        return spec

    def _within(self, field: str, error: InvalidInput) -> None:
        self.wrong += [Violation(f"{field}.{each.field}", each.description) for each in error.violations]


_SHORTHANDS: Mapping[str, Shorthand] = {build_pb2.RoleSpec.DESCRIPTOR.full_name: role}
