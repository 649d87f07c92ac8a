"""`chimera evaluations`: measure models on benchmarks."""

from pathlib import Path
from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("Measure models on benchmarks, with intervals.")
EvaluationId = Annotated[str, typer.Argument(metavar="ID", help="The id of an evaluation.")]
DEFAULT_OUTPUT_PARENT = Path("evaluations")


@command(app, "run", "chimera evaluations run examples/evaluation.yaml")
async def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An evaluation file in YAML.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the report. Without it: evaluations/NAME.")
    ] = None,
    evaluator: options.RunEvaluator = None,
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    new: Annotated[bool, typer.Option("--new", help="Ask everything anew, though this file was run before.")] = False,
    as_json: options.Json = False,
) -> Code:
    """Have models answer benchmarks and report how they did: report.html, report.md, report.json and answers.jsonl.

    Every answer is graded by the grader of builds. Stated are pass@k for k = 1, 2, 4, …, with intervals, and for each
    model how it differs from the baseline on the same problems, with interval and p-value. Benchmarks are corpora
    (`chimera corpora`) or local files. Ctrl-C stops; the same command goes on and asks nothing twice.
    """
    from chimera_client.cli.evaluating import EvaluationRun
    from chimera_client.cli.session import Place

    place = Place(None, data_dir, verifier, evaluator, evaluates=True)
    return await EvaluationRun(file, output, place, new=new, as_json=as_json).run()


@command(app, "list", "chimera evaluations list --json")
async def list_(
    evaluator: options.Evaluator = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List evaluations, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.evaluation import evaluations_table

    async with AsyncClient(evaluator=evaluator) as client:
        await show_list(client.evaluations.list(), as_json, limit, evaluations_table)


@command(app, "show", "chimera evaluations show e0123456789abcde")
async def show(evaluation_id: EvaluationId, evaluator: options.Evaluator = None, as_json: options.Json = False) -> None:
    """Show the scores of an evaluation, or how far it is."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.evaluation import render_evaluation

    async with AsyncClient(evaluator=evaluator) as client:
        evaluation = await client.evaluations.get(evaluation_id)
        output.show(evaluation, as_json, lambda: render_evaluation(evaluation))


@command(app, "cancel", "chimera evaluations cancel e0123456789abcde")
async def cancel(
    evaluation_id: EvaluationId, evaluator: options.Evaluator = None, as_json: options.Json = False
) -> None:
    """End an evaluation; what was answered stays readable."""
    from chimera_client.cli import output
    from chimera_client.client import AsyncClient
    from chimera_client.views.evaluation import render_evaluation

    async with AsyncClient(evaluator=evaluator) as client:
        evaluation = await client.evaluations.cancel(evaluation_id)
        output.show(evaluation, as_json, lambda: render_evaluation(evaluation))


@command(app, "export", "chimera evaluations export e0123456789abcde -o evaluations/aime")
async def export(
    evaluation_id: EvaluationId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the report. Without it: evaluations/NAME.")
    ] = None,
    evaluator: options.Evaluator = None,
) -> None:
    """Write the report of an evaluation and every answer to a folder, whole or not at all."""
    from chimera_client.cli.output import note
    from chimera_client.client import AsyncClient
    from chimera_client.evaluationreport import files

    async with AsyncClient(evaluator=evaluator) as client:
        evaluation = await client.evaluations.get(evaluation_id)
        directory = output or DEFAULT_OUTPUT_PARENT / evaluation.spec.name
        files.require_room(directory)
        await files.write(evaluation, client.evaluations.answers(evaluation_id), directory)
    note(f"the report is {directory / 'report.html'}")
