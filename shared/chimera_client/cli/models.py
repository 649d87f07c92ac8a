"""`chimera models`: what was trained."""

from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import command
from chimera_client.cli.groups import group

app = group("Read the registry of models that were trained here.")


@command(app, "list", "chimera models list student --json")
async def list_(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only versions of this name.")] = "",
    trainer: options.Trainer = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List models, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.training import models_table

    async with AsyncClient(trainer=trainer) as client:
        await show_list(client.models.list(name), as_json, limit, models_table)


@command(app, "show", "chimera models show student@1")
async def show(
    model: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A model; without a version its newest.")],
    trainer: options.Trainer = None,
    as_json: options.Json = False,
) -> None:
    """Show a version of a model: its folder, and what it was made from."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.training import render_model
    from chimera_shared.errors import InvalidInput

    name, at, version = model.partition("@")
    if at and not (version.isdecimal() and 0 < int(version) < 10**9):
        raise InvalidInput.of("NAME[@VERSION]", f"must be such as student or student@1, not {model[:80]!r}")
    async with AsyncClient(trainer=trainer) as client:
        found = await client.models.get(name, int(version or 0))
        output.show(found, as_json, lambda: render_model(found))
