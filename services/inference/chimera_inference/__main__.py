"""`python -m chimera_inference`: serves the procedural models until SIGINT or SIGTERM."""

import argparse
import sys


def main() -> int:
    """Reads flags over environment settings and serves; 2 for a wrong setting, 1 if the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m chimera_inference", description=__doc__)
    parser.add_argument("--host", help="address to listen on (default: CHIMERA_INFERENCE_HOST or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port; 0 takes a free one (default: CHIMERA_INFERENCE_PORT or 8400)")
    parser.add_argument("--seed", type=int, help="seed of latencies and faults (default: CHIMERA_INFERENCE_SEED or 0)")
    flags = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}

    import asyncio
    import logging

    from chimera_shared import telemetry
    from chimera_shared.errors import Configuration
    from chimera_shared.settings import load

    from .app import serve
    from .config import Settings
    from .dials import UnknownDial

    try:
        settings = load(Settings, **flags)
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
        with telemetry.exported("inference", settings.host):
            asyncio.run(serve(settings))
    except (Configuration, UnknownDial, ValueError) as error:
        print(f"chimera-inference: wrong setting: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"chimera-inference: cannot listen: {error.strerror}; choose another --port.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
