"""What `build run` orders: checked before anything starts, and found again when the same file is run again."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera_client.budget import in_file
from chimera_client.buildfile import BuildFile
from chimera_client.client import AsyncClient
from chimera_client.target import OutputTarget
from chimera_shared import identity
from chimera_shared.endpoints.config import Endpoint, Price, missing_keys
from chimera_shared.errors import InvalidInput, NotFound
from chimera_shared.roles import endpoints_of
from chimera_shared.spec import require_valid

PROCEDURAL_PREFIX = "procedural-"
"""What services bring along; which names there are is not known where they are not installed."""
PILOT_SUFFIX = "-pilot"
_MAX_NAME_CHARS = 64
_OVER = frozenset({build_pb2.BUILD_STATE_FAILED, build_pb2.BUILD_STATE_CANCELLED})
_RECENT_BUILDS = 200
"""So far back a build is looked for whose answers may be used again."""


def require_sound(file: BuildFile, *, own_services: bool, with_keys: bool = True) -> None:
    """InvalidInput if the order cannot work. Endpoints that only a gateway knows are taken on trust."""
    known = dict(file.endpoints or {}) if own_services else {}
    price = Price() if own_services else Price(output_usd_per_mtok=1)  # of which a budget of money can be reckoned
    for name in _procedural(file.spec) if own_services else endpoints_of(file.spec.roles):
        known.setdefault(name, Endpoint(base_url="http://services/v1", model=name, price=price))
    require_valid_file(file.spec, known)
    if own_services and with_keys:
        require_keys(file, known)


def require_valid_file(spec: build_pb2.BuildSpec, known: Mapping[str, Endpoint]) -> None:
    """InvalidInput as `require_valid`, with fields named as a build file has them."""
    try:
        require_valid(spec, known)
    except InvalidInput as error:
        raise InvalidInput([replace(v, field=in_file(v.field)) for v in error.violations]) from None


def require_keys(file: BuildFile, known: Mapping[str, Endpoint]) -> None:
    """InvalidInput if the key of an endpoint that the order names is not in the environment."""
    if missing := missing_keys((name, known[name]) for name in endpoints_of(file.spec.roles) if name in known):
        raise InvalidInput(missing)


async def find_order(client: AsyncClient, file: BuildFile, *, new: bool) -> tuple[str, build_pb2.Build | None]:
    """The request to send, and its build if it was sent before.

    A failed or cancelled build is over, so the file's next order takes its place; with `new`, that of a build that
    succeeded does too.
    """
    over = {*_OVER, build_pb2.BUILD_STATE_SUCCEEDED} if new else _OVER
    for generation in itertools.count(1):
        request_id = file.request_id(generation)
        try:
            build = await client.builds.get(identity.build_id(request_id))
        except NotFound:
            return request_id, None
        if build.state not in over:
            return request_id, build
    raise AssertionError("unreachable")


async def ended_early(client: AsyncClient, file: BuildFile) -> list[build_pb2.Build]:
    """This order's builds that failed or were cancelled, oldest first."""
    found: list[build_pb2.Build] = []
    for generation in itertools.count(1):
        try:
            build = await client.builds.get(identity.build_id(file.request_id(generation)))
        except NotFound:
            return found
        if build.state in _OVER:
            found.append(build)
    raise AssertionError("unreachable")


async def with_ledger(client: AsyncClient, spec: build_pb2.BuildSpec) -> build_pb2.BuildSpec:
    """The order, using the answers that earlier builds of its name and seed paid for, a pilot's included.

    What shaped an answer is compared call by call, so whatever changed since then is asked anew and all else is not.
    """
    if spec.ledger_of:
        return spec
    found = build_pb2.BuildSpec()
    found.CopyFrom(spec)
    names = {spec.name, pilot_name(spec.name)}
    seen = 0
    async for build in client.builds.list():
        if build.spec.name in names and build.spec.seed == spec.seed:
            found.ledger_of = ledger_of(build)
            break
        if (seen := seen + 1) == _RECENT_BUILDS:
            break
    return found


def ledger_of(build: build_pb2.Build) -> str:
    """The build whose ledger holds this one's answers: itself, or the one that it names."""
    return build.spec.ledger_of or build.build_id


def forked(build: build_pb2.Build, file: BuildFile | None, samples: int | None) -> BuildFile:
    """An order of the same, or of what the file says, that uses the build's answers again. The same fork is the same
    order."""
    spec = build_pb2.BuildSpec()
    spec.CopyFrom(build.spec if file is None else file.spec)
    spec.ledger_of = ledger_of(build)
    base = file.sha256 if file is not None else ""
    endpoints, corpora = (file.endpoints, file.corpora) if file is not None else (None, {})
    fork = BuildFile(spec, endpoints, identity.digest("fork", build.build_id, base), corpora)
    return resized(fork, samples)


def resized(file: BuildFile, samples: int | None) -> BuildFile:
    """The same order of another size."""
    if samples is None or samples == file.spec.samples:
        return file
    spec = build_pb2.BuildSpec()
    spec.CopyFrom(file.spec)
    spec.samples = samples
    return replace(file, spec=spec, sha256=identity.digest("resized", file.sha256, samples))


def pilot_name(name: str) -> str:
    """What the pilot of a build is called."""
    return f"{name[: _MAX_NAME_CHARS - len(PILOT_SUFFIX)]}{PILOT_SUFFIX}"


def require_known(file: BuildFile, known: Mapping[str, Endpoint], *, forked: bool) -> None:
    """InvalidInput unless the order is sound with the endpoints that there are."""
    try:
        require_valid_file(file.spec, known)
    except InvalidInput:
        if not forked or not (absent := sorted({*endpoints_of(file.spec.roles)} - {*known})):
            raise
        raise InvalidInput.of(
            "FILE",
            f"the build uses endpoints that only its build file names ({', '.join(absent)}): name that file, or the"
            " build.yaml of its dataset",
        ) from None


def require_room(target: OutputTarget, build: build_pb2.Build | None, *, force: bool) -> None:
    """InvalidInput unless the dataset can be written when the build ends, or is there already."""
    if build is not None and build.state == build_pb2.BUILD_STATE_SUCCEEDED and target.holds_whole(build.build_id):
        return
    target.require_writable(force=force)


def require_room_early(target: OutputTarget, file: BuildFile, *, new: bool, force: bool) -> None:
    """As `require_room`, before the gateway can be asked: only a dataset of this file itself may be there."""
    own = {identity.build_id(file.request_id(generation)) for generation in range(1, 33)}
    if new or target.held_build_id not in own:
        target.require_writable(force=force)


def default_output(file: BuildFile, parent: Path, *, fork: bool = False) -> Path:
    """Where the dataset goes unless told otherwise; the name was checked to be a plain word."""
    return parent / (f"{file.spec.name}-fork" if fork else file.spec.name)


def _procedural(spec: build_pb2.BuildSpec) -> Iterable[str]:
    try:
        from chimera_standalone.procedural import names
    except ModuleNotFoundError:
        return [name for name in endpoints_of(spec.roles) if name.startswith(PROCEDURAL_PREFIX)]
    return names()
