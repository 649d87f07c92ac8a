"""`chimera verify`: the verifier by itself, outside a build."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli import options
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


@command(app, "calibrate", "chimera verify calibrate mine.yaml --gold gold.jsonl -n 200 -o calibration")
async def calibrate(
    file: options.BuildFileArgument,
    gold: Annotated[
        Path, typer.Option(help="Problems whose answers are right: JSON lines, or the folder of an exported dataset.")
    ],
    controls: Annotated[int, typer.Option("--controls", "-n", min=1, max=100_000, help="How many to plant.")] = 100,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind, such as wrong-answer; may be given several times.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder for controls.jsonl and calibration.json.")
    ] = None,
    at_most: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Fail if the false-accept rate may be higher: the upper end of its interval."),
    ] = None,
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> Code:
    """Measure how often the verifier that FILE orders errs, before anything is built.

    Known numbers of mistakes are planted in gold problems: wrong answers, wrong solutions, duplicates, proofs, missing
    data and more; and right ones are sent unchanged or with their answers written otherwise. All of them are checked as
    a build of FILE would check its own, by its screeners, panel and judges. The table says how many mistakes were
    accepted and how many right ones refused, with intervals.

    A line of a gold file has "statement" and "answer"; it may have "solution", "subject", "answer_type", "unit",
    "tolerance", "choices" and "id".
    """
    from chimera_client.cli.calibrating import Options
    from chimera_client.cli.calibrating import calibrate as run
    from chimera_client.cli.session import Place

    place = Place.of_verifier(verifier, data_dir)
    return await run(Options(file, gold, place, controls, kind or [], seed, output, at_most, as_json))
