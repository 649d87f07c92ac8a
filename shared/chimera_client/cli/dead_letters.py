"""`chimera dead-letters`: read messages that a stage could not work on, send them again, or discard them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import command
from chimera_client.cli.groups import group

app = group("Read messages that a stage could not work on, send them again, or discard them.")
_Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="The ids of dead letters.")]
_Stage = Annotated[str, typer.Option(metavar="NAME", help="All letters of this stage.")]


@command(app, "list", "chimera dead-letters list --stage propose")
async def list_(
    stage: Annotated[str, typer.Option(metavar="NAME", help="Only those of this stage.")] = "",
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List the dead letters that were neither replayed nor discarded, and how full each stage's room for them is."""
    from chimera_client.cli.output import note, show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.dead_letters import letters_table, room_line

    async with AsyncClient(gateway) as client:
        for room in await client.dead_letters.stages():
            note(room_line(room))
        await show_list(client.dead_letters.list(stage), as_json, limit, letters_table)


@command(app, "show", "chimera dead-letters show 0123456789abcdef0123456789abcdef")
async def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a dead letter: 32 hexadecimal digits.")],
    gateway: options.Gateway = None,
    as_json: options.Json = False,
) -> None:
    """Show one dead letter: why it was refused, its key, headers and value; with --json its exact bytes in base64."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.dead_letters import letter_document, render_letter

    async with AsyncClient(gateway) as client:
        letter = await client.dead_letters.get(letter_id)
    if as_json:
        output.emit(letter_document(letter))
    else:
        output.console().print(render_letter(letter))


@command(app, "replay", "chimera dead-letters replay --stage propose")
async def replay(
    letter_ids: _Ids = None, stage: _Stage = "", gateway: options.Gateway = None, as_json: options.Json = False
) -> None:
    """Send dead letters to their topics again, each as it came; one that is refused again becomes another letter."""
    from chimera_client.client import AsyncClient

    _require_one(letter_ids, stage)
    async with AsyncClient(gateway) as client:
        letters = client.dead_letters
        replayed = await (letters.replay_stage(stage) if stage else letters.replay(*(letter_ids or ())))
    _say(replayed, "sent again", as_json)


@command(app, "discard", "chimera dead-letters discard --stage propose")
async def discard(
    letter_ids: _Ids = None, stage: _Stage = "", gateway: options.Gateway = None, as_json: options.Json = False
) -> None:
    """Set dead letters aside that are of no use, so that a stage that stands still has room and goes on.

    Each can still be shown and replayed for seven days.
    """
    from chimera_client.client import AsyncClient

    _require_one(letter_ids, stage)
    async with AsyncClient(gateway) as client:
        letters = client.dead_letters
        discarded = await (letters.discard_stage(stage) if stage else letters.discard(*(letter_ids or ())))
    _say(discarded, "discarded", as_json)


def _require_one(letter_ids: list[str] | None, stage: str) -> None:
    from chimera_shared.errors import InvalidInput

    if bool(letter_ids) == bool(stage):
        raise InvalidInput.of("ID", "give either ids or --stage; `chimera dead-letters list` shows both")


def _say(letter_ids: Sequence[str], what: str, as_json: bool) -> None:
    from chimera_client.cli.output import console, emit
    from chimera_client.text import counted

    if as_json:
        emit({"dead_letter_ids": list(letter_ids)})
    else:
        console().print(f"{counted(len(letter_ids), 'message')} {what}")
