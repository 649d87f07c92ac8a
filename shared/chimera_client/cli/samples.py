"""`chimera samples`: read settled samples with their evidence."""

from enum import StrEnum
from typing import Annotated

import typer

from chimera_client.cli import evidence, options
from chimera_client.cli.exits import command
from chimera_client.cli.groups import group

app = group("Read settled samples with their evidence.")


class OutcomeChoice(StrEnum):
    """How a sample ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@command(app, "list", "chimera samples list --build b0123456789abcde --outcome rejected")
async def list_(
    build: Annotated[str, typer.Option(metavar="ID", help="The build.")],
    outcome: Annotated[OutcomeChoice | None, typer.Option(help="Only those that ended so.")] = None,
    reason: Annotated[str, typer.Option(help="Only those that ended for this reason, such as duplicate.")] = "",
    subject: Annotated[str, typer.Option(help="Only those of this subject.")] = "",
    judge: evidence.Judge = "",
    model: evidence.Model = "",
    endpoint: evidence.Endpoint = "",
    role: evidence.Role = "",
    prompt: evidence.Prompt = "",
    after: evidence.After = "",
    before: evidence.Before = "",
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List the settled samples of a build.

    Options about evidence (--judge to --before) find samples with one call of which all of them hold.
    """
    from chimera.sample.v1 import sample_pb2
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.tables import samples_table

    wanted = sample_pb2.Outcome.Value(f"OUTCOME_{outcome.name}") if outcome else sample_pb2.OUTCOME_UNSPECIFIED
    rests_on = evidence.evidence_filter(judge, model, endpoint, role, prompt, after, before)
    async with AsyncClient(gateway) as client:
        found = client.samples.list(build, wanted, _reason(reason), subject, rests_on)
        await show_list(found, as_json, limit, samples_table)


@command(app, "show", "chimera samples show 0123456789abcdef0123456789abcdef")
async def show(
    sample_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a sample: 32 hexadecimal digits.")],
    version: Annotated[
        int, typer.Option(min=0, help="As in this version of its dataset, if it was recalled since; 0 is the newest.")
    ] = 0,
    gateway: options.Gateway = None,
    reasoning: Annotated[bool, typer.Option("--reasoning", help="Show the chain of thought too.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show one sample: problem, answer, solution, who voted and how, what it cost."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.sample import render_sample

    async with AsyncClient(gateway) as client:
        sample = await client.samples.get(sample_id, version)
        output.show(sample, as_json, lambda: render_sample(sample, reasoning=reasoning))


@command(app, "controls", "chimera samples controls --build b0123456789abcde")
async def controls(
    build: Annotated[str, typer.Option(metavar="ID", help="The build.")],
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List the control problems of a build: planted mistakes and right answers, and what the verifier made of them.

    They measure the verifier and are part of no dataset.
    """
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.calibration import controls_table

    async with AsyncClient(gateway) as client:
        await show_list(client.samples.controls(build), as_json, limit, controls_table)


def _reason(name: str) -> int:
    from chimera_client.words import reason_names, reason_of
    from chimera_shared.errors import InvalidInput

    if not name:
        return 0
    try:
        return reason_of(name)
    except ValueError:
        raise InvalidInput.of("--reason", f"must be one of {', '.join(reason_names())}, not {name[:60]!r}") from None
