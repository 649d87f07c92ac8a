"""`chimera recalls`: have samples verified again whose evidence turned out bad."""

from typing import Annotated

import typer

from chimera_client.cli import evidence, options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("Have samples verified again whose evidence turned out bad.")
RecallId = Annotated[str, typer.Argument(metavar="ID", help="The id of a recall.")]


@command(
    app, "start", "chimera recalls start d0123456789abcde --judge gpt-4o --replace judge=spare --reason 'it slept'"
)
async def start(
    dataset_id: Annotated[str, typer.Argument(metavar="DATASET", help="The id of a dataset, whichever version of it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the new version's lineage.")],
    judge: evidence.Judge = "",
    model: evidence.Model = "",
    endpoint: evidence.Endpoint = "",
    role: evidence.Role = "",
    prompt: evidence.Prompt = "",
    after: evidence.After = "",
    before: evidence.Before = "",
    replace: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=ENDPOINT",
            help="Who takes a role's place: judge=spare, panel[1]=large. May be given more than once.",
        ),
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="The most that its calls may cost, in US dollars.")
    ] = None,
    max_calls: Annotated[int | None, typer.Option(metavar="N", help="The most model calls that it may make.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it starts.")] = False,
    gateway: options.RunGateway = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    endpoints: options.Endpoints = None,
    as_json: options.Json = False,
) -> Code:
    """Verify the samples of a dataset again that rest on such evidence, and make a new version of it.

    Samples are selected that have one call of which all options from --judge to --before hold. They are examined by
    the build's own roles, save those that are replaced. What passes is kept with its new evidence, what does not is
    withdrawn; old versions of the dataset stay as they are. Says first how many samples that are.

    A recall that --max-cost or --max-calls ends, or whose endpoints refuse some samples, publishes nothing. The same
    command again goes on with it, and pays for no answer twice.
    """
    from chimera_client.cli.recalling import Recalling, budget_of
    from chimera_client.cli.session import Place

    wanted = evidence.evidence_filter(judge, model, endpoint, role, prompt, after, before)
    recalling = Recalling(Place(gateway, data_dir), endpoints, as_json=as_json)
    budget = budget_of(max_cost, max_calls)
    return await recalling.start(dataset_id, wanted, replace or (), reason, budget, yes=yes)


@command(app, "list", "chimera recalls list")
async def list_(
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List recalls, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.recall import recalls_table

    async with AsyncClient(gateway) as client:
        await show_list(client.recalls.list(), as_json, limit, recalls_table)


@command(app, "show", "chimera recalls show r0123456789abcde")
async def show(recall_id: RecallId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Show what a recall asked for, and how far it is."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.recall import render_recall

    async with AsyncClient(gateway) as client:
        recall = await client.recalls.get(recall_id)
        output.show(recall, as_json, lambda: render_recall(recall))


@command(app, "watch", "chimera recalls watch r0123456789abcde")
async def watch(
    recall_id: RecallId,
    gateway: options.RunGateway = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    endpoints: options.Endpoints = None,
    as_json: options.Json = False,
) -> Code:
    """Follow a recall until it has ended; ctrl-C stops watching, not the recall."""
    from chimera_client.cli.recalling import Recalling
    from chimera_client.cli.session import Place

    return await Recalling(Place(gateway, data_dir), endpoints, as_json=as_json).watch(recall_id)


@command(app, "cancel", "chimera recalls cancel r0123456789abcde")
async def cancel(recall_id: RecallId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """End a recall for good; the dataset stays as it was."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.recall import render_recall

    async with AsyncClient(gateway) as client:
        recall = await client.recalls.cancel(recall_id)
        output.show(recall, as_json, lambda: render_recall(recall))
