"""Who is named in a build's roles."""

from chimera.build.v1 import build_pb2


def endpoints_of(roles: build_pb2.Roles) -> list[str]:
    """The names of all endpoints of a build, each once, in the order of the roles."""
    named = (role.endpoints for role in (roles.proposer, *roles.panel, roles.solver, roles.judge))
    return list(dict.fromkeys(name for names in named for name in names))
