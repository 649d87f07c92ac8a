"""`chimera loop`: from a dataset to a better model, and again."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("Build a dataset, train a model on it, and measure the gain.")


@command(app, "run", "chimera loop run examples/loop.yaml")
async def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A loop file in YAML.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the report. Without it: loops/NAME.")
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1, max=20, help="In the place of the file's: builds, each aimed at what the model is weak on."
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Train on the partial dataset of a build that ends early, or measure on it."),
    ] = False,
    gateway: options.RunGateway = None,
    verifier: options.Verifier = None,
    evaluator: options.RunEvaluator = None,
    trainer: options.RunTrainer = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="Do everything anew, though this file was run before; every answer is paid for again."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Delete what another loop wrote to the folder.")] = False,
    as_json: options.Json = False,
) -> Code:
    """Build a dataset, train models on it, serve them, and measure them beside the model that they began as.

    The report says what was gained, with intervals: report.html, report.md and report.json, beside the dataset and the
    evaluation. Ctrl-C stops; the same command goes on where it was, and nothing is built, trained or asked twice. With
    --rounds the topics on which the model is still weak get more of the next build, on which it is trained further.
    Without servers that are named, all services are started here, a model server among them. A FILE that was changed is
    another loop, which needs another folder, or --force.
    """
    from chimera_client.cli.looping import LoopRun
    from chimera_client.cli.session import Place

    place = Place(gateway, data_dir, verifier, evaluator, evaluates=True, trainer=trainer, trains=True)
    run = LoopRun(file, output, place, rounds, partial=partial, new=new, force=force, as_json=as_json)
    return await run.run()
