"""Who is named in a build's roles."""

from collections.abc import Iterator

from chimera.build.v1 import build_pb2


def all_roles(roles: build_pb2.Roles) -> Iterator[build_pb2.RoleSpec]:
    """Every role, in the order in which a sample meets them; those that nobody plays have no endpoints."""
    yield roles.proposer
    yield from roles.screeners
    yield from roles.panel
    yield from (roles.weak, roles.strong, roles.solver, roles.judge, roles.second_judge)


def form_roles(roles: build_pb2.Roles) -> Iterator[build_pb2.RoleSpec]:
    """Those that are asked for answers in a form, not in free text."""
    yield roles.proposer
    yield from roles.screeners
    yield from (roles.judge, roles.second_judge)


def endpoints_of(roles: build_pb2.Roles) -> list[str]:
    """The names of all endpoints of a build, each once, in the order of the roles."""
    return list(dict.fromkeys(name for role in all_roles(roles) for name in role.endpoints))


def seat(role: str) -> str:
    """Who plays a call's role: each member of the panel for itself, but one model makes all attempts `weak[0]` …"""
    name = role.partition("[")[0]
    return name if name in ("weak", "strong") else role
