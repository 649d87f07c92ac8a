"""Options that select samples by the evidence that they rest on."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chimera.sample.v1 import sample_pb2

_TIMES = "a date, a time such as 2026-11-24T09:30 (UTC), or how long ago: 7d, 12h"

Judge = Annotated[str, typer.Option(metavar="MODEL", help="Only those that this model judged.")]
Model = Annotated[str, typer.Option(help="Only those with a call that this model answered.")]
Endpoint = Annotated[str, typer.Option(help="Only those with a call that this endpoint answered.")]
Role = Annotated[str, typer.Option(help="Only calls in this role: proposer, panel, panel[0], solver, judge.")]
Prompt = Annotated[
    str, typer.Option(metavar="SHA256", help="Only calls with this prompt; the first digits of its hash will do.")
]
After = Annotated[str, typer.Option(metavar="TIME", help=f"Only calls answered then or later: {_TIMES}.")]
Before = Annotated[str, typer.Option(metavar="TIME", help="Only calls answered before then.")]


def evidence_filter(
    judge: str, model: str, endpoint: str, role: str, prompt: str, after: str, before: str
) -> "sample_pb2.EvidenceFilter":
    """The filter that the options tell of; empty if none was given. All of it must hold for one and the same call."""
    from datetime import UTC, datetime

    from chimera.sample.v1 import sample_pb2
    from chimera_client.times import parse_time
    from chimera_shared.errors import InvalidInput

    if judge and (model or role):
        raise InvalidInput.of("--judge", "stands for --role judge and --model; leave those out, or leave it out")
    found = sample_pb2.EvidenceFilter(
        role="judge" if judge else role, model=judge or model, endpoint=endpoint, prompt_sha256=prompt.lower()
    )
    now = datetime.now(UTC)
    if after:
        found.after.FromDatetime(parse_time(after, "--after", now))
    if before:
        found.before.FromDatetime(parse_time(before, "--before", now))
    return found
