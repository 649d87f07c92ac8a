"""`chimera trainings`: train models on datasets."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("Train models on datasets.")
TrainingId = Annotated[str, typer.Argument(metavar="ID", help="The id of a training.")]


@command(app, "run", "chimera trainings run examples/training.yaml --dataset d0123456789abcde")
async def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A training file in YAML.")],
    dataset: Annotated[
        str | None, typer.Option(metavar="ID", help="The dataset, in the place of the file's; see `datasets list`.")
    ] = None,
    trainer: options.RunTrainer = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    new: Annotated[bool, typer.Option("--new", help="Train anew, though this file was run before.")] = False,
    as_json: options.Json = False,
) -> Code:
    """Train a model on a dataset: supervised (sft), or by the grader's reward (grpo, cispo).

    The model becomes the next version of its name in the registry. A worker that dies is started again from its newest
    checkpoint. Ctrl-C stops watching, and the training too if its services run here; the same command goes on.
    """
    from chimera_client.cli.session import Place
    from chimera_client.cli.training import TrainingRun

    place = Place(None, data_dir, trainer=trainer, trains=True)
    return await TrainingRun(file, dataset, place, new=new, as_json=as_json).run()


@command(app, "list", "chimera trainings list --json")
async def list_(
    trainer: options.Trainer = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List trainings, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.training import trainings_table

    async with AsyncClient(trainer=trainer) as client:
        await show_list(client.trainings.list(), as_json, limit, trainings_table)


@command(app, "show", "chimera trainings show t0123456789abcde")
async def show(training_id: TrainingId, trainer: options.Trainer = None, as_json: options.Json = False) -> None:
    """Show a training and its curves; with --json also every point of them."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.plain import to_plain
    from chimera_client.views.training import render_training

    async with AsyncClient(trainer=trainer) as client:
        training = await client.trainings.get(training_id)
        points = [point async for point in client.trainings.points(training_id)]
    if as_json:
        output.emit({**to_plain(training), "points": [to_plain(point) for point in points]})
    else:
        output.console().print(render_training(training, points))


@command(app, "watch", "chimera trainings watch t0123456789abcde")
async def watch(training_id: TrainingId, trainer: options.Trainer = None, as_json: options.Json = False) -> Code:
    """Follow a training to its end."""
    from chimera_client.cli.training import ended_code, follow
    from chimera_client.client import AsyncClient

    async with AsyncClient(trainer=trainer) as client:
        return ended_code(await follow(client.trainings.watch(training_id), as_json), as_json)


@command(app, "cancel", "chimera trainings cancel t0123456789abcde")
async def cancel(training_id: TrainingId, trainer: options.Trainer = None, as_json: options.Json = False) -> None:
    """End a training; its checkpoints stay on the trainer's disk."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.training import render_training

    async with AsyncClient(trainer=trainer) as client:
        training = await client.trainings.cancel(training_id)
        output.show(training, as_json, lambda: render_training(training))
