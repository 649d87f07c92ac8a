"""`python -m chimera_inference.rayserve FILE`: serves the models of an endpoints file with Ray Serve until SIGTERM."""

import argparse
import os
import sys
from pathlib import Path


def main() -> int:
    """2 for a wrong file, 1 if it cannot be served."""
    parser = argparse.ArgumentParser(prog="python -m chimera_inference.rayserve", description=__doc__)
    parser.add_argument("file", type=Path, help="endpoints file; those with a `serve:` section are served")
    parser.add_argument(
        "--models",
        type=Path,
        default=Path(os.environ.get("CHIMERA_MODELS", "models")),
        help="folder of the model registry (default: CHIMERA_MODELS, or ./models)",
    )
    parser.add_argument("--print", action="store_true", help="write the config for `serve deploy` and serve nothing")
    told = parser.parse_args()

    import asyncio

    from chimera_shared.endpoints.config import load
    from chimera_shared.errors import ChimeraError, Configuration, InvalidInput

    from .plan import plan

    try:
        found = plan(load(told.file), str(told.models.resolve()))
        if told.print:
            import yaml

            print(yaml.safe_dump(found.config(), sort_keys=False), end="")
            return 0
        asyncio.run(_serve(found))
    except (InvalidInput, Configuration) as error:
        print(f"chimera-inference: {error}", file=sys.stderr)
        return 2 if isinstance(error, InvalidInput) else 1
    except ChimeraError as error:
        print(f"chimera-inference: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(found: "object") -> None:
    import asyncio
    import signal

    from .plan import Plan
    from .running import served

    assert isinstance(found, Plan)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with served(found):
        print(f"chimera-inference serves at http://{found.host}:{found.port}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
