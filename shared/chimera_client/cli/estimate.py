"""`chimera estimate`: what a build will cost, before it is paid for."""

from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "estimate", "chimera estimate examples/openai.yaml")(estimate)


async def estimate(
    file: options.BuildFileArgument,
    samples: Annotated[
        int | None,
        typer.Option(min=2, help="Samples of the pilot. Without it: 24, or two for each subject; at most 100."),
    ] = None,
    gateway: options.RunGateway = None,
    verifier: options.Beside = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> Code:
    """Say what FILE will cost: money, tokens, calls, time and acceptance, each with a 90 % interval.

    A pilot build of a few samples is made with FILE's own models and budget. Its answers are paid for once: `chimera
    build run FILE` uses them again, and so does the next estimate. The interval comes from how much the pilot's samples
    differ, subject by subject; the same command again asks nothing and gives the same.
    """
    from chimera_client.cli.estimating import Estimation
    from chimera_client.cli.session import Place

    return await Estimation(file, samples, Place(gateway, data_dir, verifier), as_json=as_json).run()
