"""`chimera datasets`: list, export, judge and verify datasets."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("List, export, judge and verify datasets.")
DatasetId = Annotated[str, typer.Argument(metavar="ID", help="The id of a dataset.")]


@command(app, "list", "chimera datasets list")
async def list_(
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List datasets, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.tables import datasets_table

    async with AsyncClient(gateway) as client:
        await show_list(client.datasets.list(), as_json, limit, datasets_table)


@command(app, "get", "chimera datasets get d0123456789abcde")
async def get(dataset_id: DatasetId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Show one dataset."""
    from chimera_client.cli.output import show
    from chimera_client.client import AsyncClient
    from chimera_client.views.tables import datasets_table

    async with AsyncClient(gateway) as client:
        dataset = await client.datasets.get(dataset_id)
        show(dataset, as_json, lambda: datasets_table([dataset]))


@command(app, "history", "chimera datasets history d0123456789abcde")
async def history(dataset_id: DatasetId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Show every version of a dataset, and what changed in each; any of them may be named."""
    from chimera_client.cli.output import console, emit
    from chimera_client.client import AsyncClient
    from chimera_client.views.recall import history_table

    async with AsyncClient(gateway) as client:
        versions = await client.datasets.history(dataset_id)
    if not as_json:
        console().print(history_table(versions))
        return
    for version in versions:
        emit(version)


@command(app, "export", "chimera datasets export d0123456789abcde -o datasets/demo")
async def export(
    dataset_id: DatasetId,
    version: options.Version = None,
    output: options.Output = None,
    force: options.Force = False,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
) -> None:
    """Write a dataset to a folder, whole or not at all; without --version, the version that ID names."""
    from chimera_client.cli.output import console, emit
    from chimera_client.client import AsyncClient
    from chimera_client.exporting import target_of

    async with AsyncClient(gateway) as client:
        named = client.datasets.get(dataset_id) if version is None else client.datasets.version(dataset_id, version)
        dataset = await named
        target = target_of(dataset, output, options.DEFAULT_OUTPUT_PARENT)
        target.require_writable(force=force)
        with target.replaced():
            summary = await client.datasets.export(dataset.dataset_id, target.directory)
    if as_json:
        emit(summary.plain())
    else:
        console().print(summary.words())


@command(app, "report", "chimera datasets report datasets/demo --open")
async def report(
    what: Annotated[
        str, typer.Argument(metavar="DIR|ID", help="The folder of an exported dataset, or a dataset's id.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A new folder for the report alone. Without it: of an ID, reports/ID; of a DIR, none.",
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
) -> Code:
    """Show whether to believe a dataset: its health report.

    Every exported folder holds one, report.html. It is shown from there, and drawn again if -o names a new folder. Of a
    dataset's id it is made anew, from all samples of its build at the gateway.
    """
    from chimera_client.cli.reporting import Reporting

    return await Reporting(what, output, gateway, open_page, as_json).run()


@command(app, "verify", "chimera datasets verify datasets/demo")
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an exported dataset.")],
    as_json: options.Json = False,
) -> Code:
    """Check every file of a dataset against the checksums in its manifest."""
    from chimera_client.cli.output import console, emit
    from chimera_client.export import verify_manifest
    from chimera_client.text import line

    problems = verify_manifest(directory)
    if as_json:
        emit({"directory": str(directory), "whole": not problems, "problems": problems})
    elif problems:
        console().print("\n".join(line(problem, 300) for problem in problems))
    else:
        console().print(f"{directory} is whole: every file is there and unchanged")
    return Code.FAILED if problems else Code.OK
