"""Whether those who check problems can tell what they are asked for."""

from collections.abc import Iterator, Mapping, Sequence

from chimera.build.v1 import build_pb2
from chimera_client.buildfile import BuildFile
from chimera_client.doctor.finding import Finding
from chimera_shared.checkers import DEFAULT_SOLVES
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.spec import with_defaults

_NAME = "checks"


def check(file: BuildFile) -> Iterator[Finding]:
    """What is to be said of the file's checks; nothing if they are in order."""
    spec, known = with_defaults(file.spec), file.endpoints or {}
    yield from _lone_voice(spec)
    yield from _one_model_twice(spec.roles, known)
    yield from _few_solves(spec)


def _lone_voice(spec: build_pb2.BuildSpec) -> Iterator[Finding]:
    if spec.panel_rule != build_pb2.PANEL_RULE_WEIGHTED:
        return
    total = sum(member.weight for member in spec.roles.panel)
    for i, member in enumerate(spec.roles.panel):
        if (share := member.weight / total) >= spec.panel_threshold:
            yield Finding.warning(
                _NAME,
                f"roles.panel[{i}] alone has {share:.0%} of all weights, and {spec.panel_threshold:.0%} suffice:"
                " whatever the others find, a problem passes with its vote",
                "lower its weight, or raise `panel_threshold`",
            )


def _one_model_twice(roles: build_pb2.Roles, known: Mapping[str, Endpoint]) -> Iterator[Finding]:
    screeners = [_models(screener, known) for screener in roles.screeners]
    if len(screeners) != len(set(screeners)):
        yield Finding.warning(
            _NAME,
            "several of roles.screeners are one model: its voice counts twice and its mistakes are paid for twice",
            "name different models, or fewer screeners",
        )
    if roles.HasField("weak") and roles.HasField("strong"):
        weak, strong = (_models(role, known) for role in (roles.weak, roles.strong))
        if weak == strong:
            yield Finding.warning(
                _NAME,
                "roles.weak and roles.strong are one model: its pass rates tell no more twice than once",
                "name a weaker and a stronger one, or leave one out",
            )


def _few_solves(spec: build_pb2.BuildSpec) -> Iterator[Finding]:
    limits = [name for name in ("max_weak_pass_rate", "min_strong_pass_rate") if spec.difficulty.HasField(name)]
    if limits and spec.difficulty.solves < DEFAULT_SOLVES:
        yield Finding.warning(
            _NAME,
            f"difficulty.{limits[0]} rests on {spec.difficulty.solves} attempts of each model,"
            " too few to tell how hard a problem is from chance",
            f"set `difficulty.solves` to {DEFAULT_SOLVES} or more",
        )


def _models(role: build_pb2.RoleSpec, known: Mapping[str, Endpoint]) -> Sequence[str]:
    return tuple(known[name].model if name in known else name for name in role.endpoints)
