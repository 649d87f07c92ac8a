"""What can be wrong before a build is started, and the way out of each."""

from collections.abc import AsyncIterator
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera_client.buildfile import read_build_file
from chimera_client.doctor import budget, checks, endpoints, environment, servers
from chimera_client.doctor.finding import Finding
from chimera_client.order import require_sound
from chimera_client.text import counted
from chimera_shared.errors import InvalidInput

__all__ = ["Finding", "diagnose"]


async def diagnose(file: Path | None, data_dir: Path, gateway: str | None) -> AsyncIterator[Finding]:
    """Every check as it is done. Without a file, only the surroundings are looked at."""
    yield environment.python()
    yield environment.installed(needs_services=gateway is None)
    yield environment.writable(data_dir)
    yield environment.disk_space(data_dir)
    async for finding in servers.check(gateway):
        yield finding
    if file is not None:
        async for finding in _build_file(file, own_services=gateway is None):
            yield finding


async def _build_file(path: Path, *, own_services: bool) -> AsyncIterator[Finding]:
    name = f"build file {path}"
    try:
        file = read_build_file(path)
        require_sound(file, own_services=own_services, with_keys=False)
    except InvalidInput as error:
        for violation in error.violations:
            yield Finding.bad(name, f"{violation.field}: {violation.description}", "mend this field")
        return
    yield Finding.good(name, _said(file.spec))
    if not own_services:
        yield endpoints.elsewhere(file)
        return
    for finding in (*budget.check(file), *checks.check(file)):
        yield finding
    async for finding in endpoints.check(file):
        yield finding


def _said(spec: build_pb2.BuildSpec) -> str:
    return f"{counted(spec.samples, 'sample')} over {counted(len(spec.subjects), 'subject')}"
