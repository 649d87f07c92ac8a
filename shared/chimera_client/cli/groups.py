"""How groups of commands are made."""

import typer

from chimera_client.cli.exits import CODES_HELP


def group(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(
        help=help_text,
        epilog=CODES_HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
