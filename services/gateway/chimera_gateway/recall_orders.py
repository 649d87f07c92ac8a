"""What a recall asks of whom, and what makes an order of one valid."""

from collections.abc import Iterator
from dataclasses import replace

from chimera.build.v1 import build_pb2
from chimera.recall.v1 import recall_pb2
from chimera_shared.checkers import fill_in_checks, validate_checks
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import Violation
from chimera_shared.spec import validate_budget

_MAX_REASON_CHARS = 500
_MAKERS = ("proposer", "solver")
_ONE_EACH = ("judge", "second_judge", "weak", "strong")
_SEVERAL = ("panel", "screeners")


def spec_of(build: build_pb2.Build, recall: recall_pb2.Recall) -> build_pb2.BuildSpec:
    """What samples are verified again by: the build's checks, with some roles played by others.

    It makes no samples and so has no subjects; answers and money are its own, save those of a recall that it continues.
    """
    replacements = recall.replacements
    spec = build_pb2.BuildSpec()
    spec.CopyFrom(build.spec)
    for name in ("subjects", "budget", "controls"):
        spec.ClearField(name)
    spec.MergeFrom(build_pb2.BuildSpec(budget=recall.budget if recall.HasField("budget") else None))
    spec.ledger_of = recall.continues
    for name in _MAKERS:
        spec.roles.ClearField(name)
    for name in _ONE_EACH:
        if replacements.HasField(name):
            getattr(spec.roles, name).CopyFrom(getattr(replacements, name))
    for name in _SEVERAL:
        if others := getattr(replacements, name):
            spec.roles.ClearField(name)
            getattr(spec.roles, name).extend(others)
    fill_in_checks(spec)
    return spec


def order_violations(build: build_pb2.Build, recall: recall_pb2.Recall) -> Iterator[Violation]:
    """What is wrong with an order, whatever endpoints there are."""
    reason, roles = recall.reason, recall.replacements
    if not recall.evidence.ListFields():
        yield Violation("evidence", "must name a role, a model, an endpoint, a prompt or a time; else all is recalled")
    if not reason.strip() or len(reason) > _MAX_REASON_CHARS or not reason.isprintable():
        yield Violation("reason", f"must be 1 to {_MAX_REASON_CHARS} printable characters, not {reason[:80]!r}")
    if recall.budget.HasField("time"):
        yield Violation("budget.time", "does not bound a recall; limit money, tokens or calls")
    for name in _MAKERS:
        if roles.HasField(name):
            yield Violation(
                f"replacements.{name}", f"a recall asks no {name}; only roles that check samples are replaced"
            )
    for name in _ONE_EACH:
        if roles.HasField(name) and not build.spec.roles.HasField(name):
            yield Violation(f"replacements.{name}", f"the build has no {name} whose place could be taken")


def role_violations(
    spec: build_pb2.BuildSpec, replacements: build_pb2.Roles, endpoints: Endpoints
) -> Iterator[Violation]:
    """What is wrong with the money and the roles that verify again; a role of the build must be replaced to mend it."""
    yield from validate_budget(spec, endpoints)
    replaced = {descriptor.name for descriptor, _ in replacements.ListFields()}
    for wrong in validate_checks(spec, endpoints):
        role = wrong.field.removeprefix("roles.").split("[")[0].split(".")[0]
        if role in replaced:
            yield replace(wrong, field=wrong.field.replace("roles.", "replacements.", 1))
        else:
            yield replace(wrong, description=f"{wrong.description}; the build has it so: put another in its place")
