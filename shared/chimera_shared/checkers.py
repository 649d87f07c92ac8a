"""What makes the part of an order valid that says how problems are checked: who looks at them, and what decides."""

from collections.abc import Iterator

from chimera.build.v1 import build_pb2
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import Violation

MAX_WEIGHT = 1_000_000
MAX_SOLVES = 64
"""Of each reference model; a pass rate is then known to 6 % either way."""
DEFAULT_SOLVES = 4
DEFAULT_THRESHOLD = 2 / 3


def fill_in_checks(spec: build_pb2.BuildSpec) -> None:
    """Give every field that was left out the value that will be used, where it is used at all."""
    spec.panel_rule = spec.panel_rule or build_pb2.PANEL_RULE_UNANIMOUS
    if spec.panel_rule == build_pb2.PANEL_RULE_WEIGHTED:
        spec.panel_threshold = spec.panel_threshold or DEFAULT_THRESHOLD
        for member in spec.roles.panel:
            member.weight = member.weight or 1.0
    if measures_difficulty(spec):
        spec.difficulty.solves = spec.difficulty.solves or DEFAULT_SOLVES


def measures_difficulty(spec: build_pb2.BuildSpec) -> bool:
    """Whether a reference model is named."""
    return spec.roles.HasField("weak") or spec.roles.HasField("strong")


def validate_checks(spec: build_pb2.BuildSpec, endpoints: Endpoints) -> Iterator[Violation]:
    """What is wrong with how problems are checked; whoever makes them is not looked at."""
    yield from _rule(spec)
    yield from _difficulty(spec)
    yield from validate_panel(list(spec.roles.panel), endpoints)
    yield from validate_judges(spec.roles, endpoints)
    for i, screener in enumerate(spec.roles.screeners):
        yield from validate_role(f"roles.screeners[{i}]", screener, endpoints)
    for name in ("weak", "strong"):
        if spec.roles.HasField(name):
            yield from validate_role(f"roles.{name}", getattr(spec.roles, name), endpoints)


def validate_panel(panel: list[build_pb2.RoleSpec], endpoints: Endpoints) -> Iterator[Violation]:
    """What is wrong with a panel: its members must be at least two and of different model families."""
    if len(panel) < 2:
        yield Violation("roles.panel", f"must have at least two members, not {len(panel)}")
    families: dict[str, int] = {}
    for i, member in enumerate(panel):
        yield from validate_role(f"roles.panel[{i}]", member, endpoints, weighs=True)
        for name in member.endpoints:
            if name not in endpoints:
                continue
            family = endpoints[name].independent_family
            if (first := families.setdefault(family, i)) != i:
                yield Violation(
                    f"roles.panel[{i}]",
                    f"{name!r} is of the family {family!r}, as is roles.panel[{first}]; members must differ in model",
                )


def validate_role(
    path: str, role: build_pb2.RoleSpec, endpoints: Endpoints, *, weighs: bool = False
) -> Iterator[Violation]:
    """What is wrong with one role."""
    known = ", ".join(sorted(endpoints)) or "none are configured; set CHIMERA_ENDPOINTS or add an `endpoints:` section"
    if not role.endpoints:
        yield Violation(path, f"must name at least one endpoint (known: {known})")
    for name in role.endpoints:
        if name not in endpoints:
            yield Violation(path, f"no endpoint is named {name[:80]!r} (known: {known})")
    if role.HasField("temperature") and not 0 <= role.temperature <= 2:
        yield Violation(f"{path}.temperature", f"must be from 0 to 2, not {role.temperature:g}")
    if role.HasField("top_p") and not 0 < role.top_p <= 1:
        yield Violation(f"{path}.top_p", f"must be above 0 and at most 1, not {role.top_p:g}")
    if role.HasField("top_k") and role.top_k < 1:
        yield Violation(f"{path}.top_k", f"must be at least 1, not {role.top_k}; leave it out for no limit")
    if role.HasField("max_tokens") and role.max_tokens < 1:
        yield Violation(f"{path}.max_tokens", f"must be at least 1, not {role.max_tokens}")
    if role.weight and not weighs:
        yield Violation(f"{path}.weight", "only members of the panel have a weight; remove it")
    elif not 0 <= role.weight <= MAX_WEIGHT:
        yield Violation(f"{path}.weight", f"must be from 0 to {MAX_WEIGHT}, not {role.weight:g}; 0 means 1")


def _rule(spec: build_pb2.BuildSpec) -> Iterator[Violation]:
    if spec.panel_rule not in build_pb2.PanelRule.values():
        yield Violation("panel_rule", "must be unanimous, majority or weighted")
    if not 0 <= spec.panel_threshold <= 1:
        yield Violation(
            "panel_threshold", f"must be above 0 and at most 1, not {spec.panel_threshold:g}; leave it out for 2/3"
        )
    if spec.panel_rule == build_pb2.PANEL_RULE_WEIGHTED:
        return
    # A weight that counts for nothing would deceive whoever wrote it.
    way_out = "counts only under `panel_rule: weighted`; set that rule, or remove it"
    if spec.panel_threshold:
        yield Violation("panel_threshold", way_out)
    for i, member in enumerate(spec.roles.panel):
        if member.weight:
            yield Violation(f"roles.panel[{i}].weight", way_out)


def validate_judges(roles: build_pb2.Roles, endpoints: Endpoints) -> Iterator[Violation]:
    """What is wrong with the judges that are named: the second must confirm a first one, and be of another model."""
    if roles.HasField("judge"):
        yield from validate_role("roles.judge", roles.judge, endpoints)
    if not roles.HasField("second_judge"):
        return
    yield from validate_role("roles.second_judge", roles.second_judge, endpoints)
    if not roles.HasField("judge"):
        yield Violation("roles.second_judge", "there is no first judge whose word it could confirm; name `judge` too")
    first = {endpoints[name].independent_family for name in roles.judge.endpoints if name in endpoints}
    for name in roles.second_judge.endpoints:
        if name in endpoints and (family := endpoints[name].independent_family) in first:
            yield Violation(
                "roles.second_judge",
                f"{name!r} is of the family {family!r}, as is roles.judge; the judges must differ in model",
            )


def _difficulty(spec: build_pb2.BuildSpec) -> Iterator[Violation]:
    difficulty = spec.difficulty
    if not 0 <= difficulty.solves <= MAX_SOLVES:
        yield Violation("difficulty.solves", f"must be from 1 to {MAX_SOLVES}, not {difficulty.solves}")
    for field, role in (("max_weak_pass_rate", "weak"), ("min_strong_pass_rate", "strong")):
        if not difficulty.HasField(field):
            continue
        if not 0 <= (rate := getattr(difficulty, field)) <= 1:
            yield Violation(f"difficulty.{field}", f"must be from 0 to 1, not {rate:g}")
        if not spec.roles.HasField(role):
            yield Violation(f"difficulty.{field}", f"there is no such model to measure with; name it in `roles.{role}`")
    if difficulty.solves and not measures_difficulty(spec):
        yield Violation("difficulty.solves", "nobody solves; name a model in `roles.weak` or `roles.strong`")
