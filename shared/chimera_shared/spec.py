"""What makes an order valid, said the same way by the client before it starts anything and by the gateway."""

import re
from collections.abc import Iterable, Iterator

from chimera.build.v1 import build_pb2
from chimera_shared.checkers import MAX_WEIGHT, fill_in_checks, validate_checks, validate_role
from chimera_shared.controls import fill_in_controls, validate_controls
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import InvalidInput, Violation
from chimera_shared.roles import endpoints_of

MAX_SAMPLES = 10_000_000
MAX_SUBJECTS = 1_000
MAX_NAME_CHARS = 200
MAX_TIME_SECONDS = 10 * 365 * 24 * 3600
MAX_BYTES = 1024 * 1024
"""Every change of a build is stored and told with all of its spec."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_BUILD_ID = re.compile(r"b[0-9a-f]{15}")
_DEFAULT_FLOOR = 0.02
_DEFAULT_FIELDS = 4
_DEFAULT_TOPICS = 6


def with_defaults(spec: build_pb2.BuildSpec) -> build_pb2.BuildSpec:
    """A copy in which every field that was left out has the value that will be used."""
    full = build_pb2.BuildSpec()
    full.CopyFrom(spec)
    for subject in full.subjects:
        subject.weight = subject.weight or 1.0
    full.taxonomy.fields_per_subject = full.taxonomy.fields_per_subject or _DEFAULT_FIELDS
    full.taxonomy.topics_per_field = full.taxonomy.topics_per_field or _DEFAULT_TOPICS
    fill_in_checks(full)
    fill_in_controls(full)
    if not full.HasField("acceptance_floor"):
        full.acceptance_floor = _DEFAULT_FLOOR
    full.weight = full.weight or 1.0
    return full


def require_valid(spec: build_pb2.BuildSpec, endpoints: Endpoints) -> None:
    """InvalidInput with every wrong field."""
    if violations := validate_spec(spec, endpoints):
        raise InvalidInput(violations)


def validate_spec(spec: build_pb2.BuildSpec, endpoints: Endpoints) -> list[Violation]:
    """Everything that is wrong with an order, given the endpoints that may be named in it."""
    return [
        *_order(spec),
        *_subjects(spec),
        *_taxonomy(spec.taxonomy),
        *_makers(spec.roles, endpoints),
        *validate_checks(spec, endpoints),
        *validate_controls(spec),
        *validate_budget(spec, endpoints),
    ]


def _order(spec: build_pb2.BuildSpec) -> Iterator[Violation]:
    if spec.ByteSize() > MAX_BYTES:
        size = spec.ByteSize() / MAX_BYTES
        yield Violation("spec", f"must be at most 1 MiB, not {size:.1f} MiB; name fewer or shorter topics")
    if not _NAME.fullmatch(spec.name):
        yield Violation("name", f"must be 1 to 64 letters, digits, - and _, not {spec.name[:80]!r}")
    if not 1 <= spec.samples <= MAX_SAMPLES:
        yield Violation("samples", f"must be from 1 to {MAX_SAMPLES}, not {spec.samples}")
    if spec.seed < 0:
        yield Violation("seed", f"must not be negative, not {spec.seed}")
    if spec.HasField("acceptance_floor") and not 0 <= spec.acceptance_floor < 1:
        yield Violation("acceptance_floor", f"must be at least 0 and below 1, not {spec.acceptance_floor:g}")
    if not 0 <= spec.weight <= MAX_WEIGHT:
        yield Violation("weight", f"must be from 0 to {MAX_WEIGHT}, not {spec.weight:g}; 0 means 1")
    if spec.ledger_of and not _BUILD_ID.fullmatch(spec.ledger_of):
        yield Violation(
            "ledger_of", f"must be the id of a build, such as b0123456789abcde, not {spec.ledger_of[:80]!r}"
        )


def _subjects(spec: build_pb2.BuildSpec) -> Iterator[Violation]:
    if not 1 <= len(spec.subjects) <= MAX_SUBJECTS:
        yield Violation("subjects", f"must name 1 to {MAX_SUBJECTS} subjects, not {len(spec.subjects)}")
    seen: dict[str, int] = {}
    for i, subject in enumerate(spec.subjects):
        at = f"subjects[{i}]"
        if wrong := _bad_name(subject.name):
            yield Violation(f"{at}.name", wrong)
        if (first := seen.setdefault(" ".join(subject.name.casefold().split()), i)) != i:
            yield Violation(f"{at}.name", f"{subject.name!r} is also subjects[{first}]; name each subject once")
        if not 0 <= subject.weight <= MAX_WEIGHT:
            yield Violation(f"{at}.weight", f"must be from 0 to {MAX_WEIGHT}, not {subject.weight:g}; 0 means 1")
        for j, topic in enumerate(subject.topics):
            if wrong := _bad_name(topic):
                yield Violation(f"{at}.topics[{j}]", wrong)
        yield from _topic_weights(at, subject)


def _topic_weights(at: str, subject: build_pb2.SubjectSpec) -> Iterator[Violation]:
    weights, topics = subject.topic_weights, subject.topics
    if weights and len(weights) != len(topics):
        yield Violation(
            f"{at}.topic_weights",
            f"must be one for each of {len(topics)} topics, not {len(weights)}; or leave them out",
        )
        return
    for j, (weight, topic) in enumerate(zip(weights, topics, strict=False)):
        if not 0 < weight <= MAX_WEIGHT:
            yield Violation(
                f"{at}.topic_weights[{j}]",
                f"must be above 0 and at most {MAX_WEIGHT}, not {weight:g}, for {topic[:80]!r}; remove a topic that"
                " gets none",
            )


def _taxonomy(taxonomy: build_pb2.TaxonomySpec) -> Iterator[Violation]:
    for field in ("fields_per_subject", "topics_per_field"):
        if not 0 <= (value := getattr(taxonomy, field)) <= 100:
            yield Violation(f"taxonomy.{field}", f"must be from 1 to 100, not {value}")


def _makers(roles: build_pb2.Roles, endpoints: Endpoints) -> Iterator[Violation]:
    yield from validate_role("roles.proposer", roles.proposer, endpoints)
    yield from validate_role("roles.solver", roles.solver, endpoints)


def validate_budget(spec: build_pb2.BuildSpec, endpoints: Endpoints) -> Iterator[Violation]:
    """What is wrong with the limits of a build, or of what asks the roles of one."""
    budget = spec.budget
    for field in ("cost_nanousd", "tokens", "calls"):
        if (value := getattr(budget, field)) < 0:
            yield Violation(f"budget.{field}", f"must not be negative, not {value}; 0 means no limit")
    seconds = budget.time.seconds + budget.time.nanos / 1e9
    if budget.HasField("time") and not 0 < seconds <= MAX_TIME_SECONDS:
        yield Violation(
            "budget.time", f"must be above 0 s and at most ten years, not {seconds:g} s; leave it out for no limit"
        )
    yield from validate_price(budget, endpoints_of(spec.roles), endpoints, "this build")


def validate_price(
    budget: build_pb2.Budget, names: Iterable[str], endpoints: Endpoints, whose: str
) -> Iterator[Violation]:
    """A limit of money that could never be reached, as none of the endpoints named has a price."""
    if budget.cost_nanousd > 0 and not any(_has_price(endpoints, name) for name in names):
        yield Violation(
            "budget.cost_nanousd",
            f"limits money, but no endpoint of {whose} has a price; "
            "give each its `price:` in the endpoints file, or limit tokens or calls",
        )


def _has_price(endpoints: Endpoints, name: str) -> bool:
    return name in endpoints and endpoints[name].price.nanousd(1_000_000, 1_000_000) > 0


def _bad_name(name: str) -> str | None:
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        return f"must be 1 to {MAX_NAME_CHARS} printable characters, not {name[:80]!r}"
    return None
