"""`chimera verify`: the verifier by itself, outside a build."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("Grade answers, compare problems and measure the verifier, without a build.")
Lines = Annotated[Path, typer.Argument(metavar="[FILE|-]", help="JSON lines; - or nothing is standard input.")]


@command(app, "grade", "chimera verify grade answers.jsonl > grades.jsonl")
async def grade(file: Lines = Path("-")) -> Code:
    """Compare answers with gold answers, by the rules and symbolic checks of a build. No server is needed.

    A line is {"gold": ..., "pred": ...}, where pred is a bare answer or a whole response whose final answer is read. It
    may name its "answer_type", such as number or set, and its "question", from which the type and the choices are
    inferred otherwise; other keys are ignored.

    Each line is answered in its turn by {"verdict": correct, incorrect or unknown, "method": ..., "extracted": ...,
    "reason": ..., "ms": ...} in JSON. All cores are used. A line that is no input is answered too, by the method input,
    and the exit code is then 2.
    """
    from chimera_client.cli import filters

    return await filters.run("grade", file, "verdict", "graded")


@command(app, "duplicates", "chimera verify duplicates pairs.jsonl > relations.jsonl")
async def duplicates(file: Lines = Path("-")) -> Code:
    """Tell whether two problems are the same, one with other numbers, or different ones. No server is needed.

    A line is {"a": ..., "b": ...}, two statements in any language; other keys are ignored.

    Each line is answered in its turn by {"relation": duplicate, variant or different, "method": exact, minhash or
    embedding, "score": 0 to 1, "ms": ...} in JSON. A duplicate is the same problem reformatted, reworded or translated,
    a variant the same with other numbers or names. A line that is no input is answered too, by the relation unknown,
    and the exit code is then 2.
    """
    from chimera_client.cli import filters

    return await filters.run("duplicates", file, "relation", "compared")
