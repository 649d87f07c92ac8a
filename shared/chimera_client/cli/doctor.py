"""`chimera doctor`: what would go wrong, before a cent is spent."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command

if TYPE_CHECKING:
    from rich.table import Table

    from chimera_client.doctor import Finding


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", "chimera doctor examples/openai.yaml")(doctor)


async def doctor(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A build file in YAML.")] = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    gateway: options.RunGateway = None,
    as_json: options.Json = False,
) -> Code:
    """Check this machine, the servers that the environment names, and the build FILE with its endpoints.

    Each endpoint is asked for a few tokens. Exit code 1 if anything is wrong.
    """
    import logging

    from chimera_client.cli.output import console, emit
    from chimera_client.doctor import diagnose

    logging.disable(logging.CRITICAL)  # drivers log what the findings say
    findings = []
    try:
        async for finding in diagnose(file, data_dir, gateway):
            findings.append(finding)
            if as_json:
                emit({"check": finding.name, "ok": finding.ok, "detail": finding.detail, "way_out": finding.way_out})
    finally:
        logging.disable(logging.NOTSET)
    if not as_json:
        console().print(_table(findings))
    return Code.OK if all(finding.ok for finding in findings) else Code.FAILED


def _table(findings: "Sequence[Finding]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from chimera_client.text import line

    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(max_width=32)
    table.add_column()
    for finding in findings:
        sign = Text("✗", style="bold red")
        if finding.ok:
            sign = Text("!", style="bold yellow") if finding.way_out else Text("✓", style="green")
        detail = Text(line(finding.detail, 400))
        if finding.way_out:
            detail.append(f"\n→ {line(finding.way_out, 300)}", style="yellow")
        table.add_row(sign, Text(line(finding.name, 80)), detail)
    return table
