"""Who takes whose place when samples are verified again: `judge=spare`, `panel[1]=large,small`."""

import re
from collections.abc import Iterator, Sequence

from chimera.build.v1 import build_pb2
from chimera_shared.errors import InvalidInput

ROLES = ("judge", "second_judge", "weak", "strong")
LISTS = ("panel", "screeners")
_FORM = re.compile(r"(?P<role>[a-z_]+)(\[(?P<position>\d{1,3})\])?=(?P<endpoints>[^=\[\]]+)")


def replacements(roles: build_pb2.Roles, told: Sequence[str], field: str) -> build_pb2.Roles:
    """The roles that are put in the places of a build's; sampling parameters stay. InvalidInput, with `field`."""
    found = build_pb2.Roles()
    for text in told:
        parts = _FORM.fullmatch(text.strip())
        if parts is None:
            raise InvalidInput.of(field, f"must be ROLE=ENDPOINT, such as judge=spare or panel[0]=large, not {text!r}")
        role = _place(found, roles, parts["role"], parts["position"], field)
        role.ClearField("endpoints")
        role.endpoints.extend(name.strip() for name in parts["endpoints"].split(","))
    return found


def told_apart(roles: build_pb2.Roles, others: build_pb2.Roles) -> Iterator[tuple[str, build_pb2.RoleSpec, bool]]:
    """Every role that verifies samples, who plays it, and whether that is another than the build's."""
    for name in LISTS:
        replaced = getattr(others, name)
        for position, role in enumerate(replaced or getattr(roles, name)):
            own = getattr(roles, name)
            yield f"{name}[{position}]", role, bool(replaced) and (position >= len(own) or own[position] != role)
    for name in ROLES:
        if others.HasField(name):
            yield name, getattr(others, name), True
        elif roles.HasField(name):
            yield name, getattr(roles, name), False


def _place(
    found: build_pb2.Roles, roles: build_pb2.Roles, name: str, position: str | None, field: str
) -> build_pb2.RoleSpec:
    if name in ROLES and position is None:
        if not roles.HasField(name):
            raise InvalidInput.of(field, f"the build has no {name} whose place could be taken")
        role: build_pb2.RoleSpec = getattr(found, name)
        role.CopyFrom(getattr(roles, name))
        return role
    if name not in LISTS:
        known = ", ".join([*ROLES, *(f"{name}[0]" for name in LISTS)])
        raise InvalidInput.of(field, f"no role of those that verify is {name!r}: name one of {known}")
    members = getattr(found, name) or getattr(roles, name)
    if position is None or int(position) >= len(members):
        many = f"{name}[0] to {name}[{len(members) - 1}]" if members else f"none: the build has no {name}"
        raise InvalidInput.of(field, f"must say whose place in `{name}` is taken: {many}")
    if not getattr(found, name):
        getattr(found, name).extend(getattr(roles, name))
    member: build_pb2.RoleSpec = getattr(found, name)[int(position)]
    return member
