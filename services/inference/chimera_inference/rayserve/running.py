"""Running the plan: on Ray of this machine, or on the cluster that RAY_ADDRESS names."""

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chimera_shared.errors import Configuration

from .plan import Plan

_READY_SECONDS = 600.0
_POLL_SECONDS = 0.25


@asynccontextmanager
async def served(plan: Plan) -> AsyncIterator[None]:
    """Everything of the plan is served in the block. Configuration if it cannot be."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with tempfile.TemporaryDirectory(prefix="ray-", dir=_short_temporary()) as scratch:
        await asyncio.to_thread(_start, plan, scratch)
        try:
            await _until_ready(plan)
            yield
        finally:
            await asyncio.to_thread(_stop)


def validated(plan: Plan) -> Any:
    """The plan as Ray Serve's own schema; Configuration if it refuses it."""
    from ray.serve.schema import ServeDeploySchema

    try:
        return ServeDeploySchema.model_validate(plan.config())
    except ValueError as error:
        raise Configuration(f"Ray Serve refuses the config: {' '.join(str(error).split())[:500]}") from error


def _start(plan: Plan, scratch: str) -> None:
    import ray
    from ray import serve

    schema = validated(plan)
    # Replicas import this package from where this process does, and spin no threads while they wait.
    env = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_WAIT_POLICY": "PASSIVE"}
    elsewhere = os.environ.get("RAY_ADDRESS")
    where: dict[str, Any] = {"address": elsewhere} if elsewhere else {"address": "local", "_temp_dir": scratch}
    if not elsewhere:
        where["include_dashboard"] = False
    ray.init(runtime_env={"env_vars": env}, log_to_driver=False, logging_level=logging.ERROR, **where)
    from ray.serve.context import _get_global_client

    serve.start(proxy_location="HeadOnly", http_options={"host": plan.host, "port": plan.port})
    _get_global_client().deploy_apps(schema, _blocking=False)


def _stop() -> None:
    import ray
    from ray import serve

    with contextlib.suppress(Exception):  # what is left of it ends with Ray
        serve.shutdown()
    ray.shutdown()


async def _until_ready(plan: Plan) -> None:
    from ray import serve

    names = [str(application["name"]) for application in plan.applications]
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            found = (await asyncio.to_thread(serve.status)).applications
            states = {name: found[name].status if name in found else "DEPLOYING" for name in names}
            if all(state == "RUNNING" for state in states.values()):
                return
            if failed := [name for name, state in states.items() if state in ("DEPLOY_FAILED", "UNHEALTHY")]:
                raise Configuration(
                    f"{failed[0]} cannot be served: {' '.join(found[failed[0]].message.split())[-600:]}"
                )
            await asyncio.sleep(_POLL_SECONDS)


def _short_temporary() -> Path:
    """Ray puts sockets there, whose paths may have about a hundred characters."""
    return Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
