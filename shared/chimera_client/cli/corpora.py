"""`chimera corpora`: benchmarks and other sets of problems that builds are compared with."""

from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import command
from chimera_client.cli.groups import group

app = group("Import benchmarks and other sets of problems, and find what in them is like a problem.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a corpus.")]


@command(app, "import", "chimera corpora import aime25")
async def import_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it: letters, digits, -, _ and .")],
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="A file, a dataset's folder, OWNER/NAME on the hub or a benchmark. Without it: the benchmark NAME.",
        ),
    ] = None,
    statement_field: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the statement.")] = "",
    answer_field: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the answer.")] = "",
    subject_field: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the subject.")] = "",
    topic_field: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the topic.")] = "",
    id_field: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the problem's id.")] = "",
    revision: Annotated[str, typer.Option(help="Branch, tag or commit on the hub. Without it: main.")] = "",
    config: Annotated[str, typer.Option(help="Configuration on the hub.")] = "",
    split: Annotated[str, typer.Option(help="Split on the hub. Without it: the test split, if there is one.")] = "",
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> None:
    """Import problems from a JSON Lines, JSON, CSV or Parquet file, an exported dataset, or the Hugging Face Hub.

    Benchmarks by name: aime24, aime25, aime26, hmmt-feb25, hmmt-nov25, gpqa-diamond, hle, math-500, gsm8k, mmlu-pro.
    gpqa-diamond and hle are gated: accept their terms on the hub and export a token as HF_TOKEN. Columns that are not
    named are guessed. Rows may have templates, by which evaluations ask them with other numbers. The same name and
    content again changes nothing.
    """
    from chimera_client.cli.importing import import_corpus
    from chimera_client.cli.session import Place
    from chimera_client.sources.items import Fields
    from chimera_client.sources.source import Told

    fields = Fields(statement_field, answer_field, subject_field, id_field, topic_field)
    told = Told(fields, revision, config, split)
    await import_corpus(Place.of_verifier(verifier, data_dir), name, source or name, told, as_json=as_json)


@command(app, "list", "chimera corpora list")
async def list_(
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List corpora by name."""
    from chimera_client.cli.output import show_list
    from chimera_client.cli.session import Place, opened
    from chimera_client.views.corpora import corpora_table

    async with opened(Place.of_verifier(verifier, data_dir), None) as session:
        await show_list(session.client.corpora.list(), as_json, limit, corpora_table)


@command(app, "show", "chimera corpora show aime25")
async def show(
    name: Name,
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    limit: Annotated[int, typer.Option(min=0, help="How many problems to show; 0 shows all.")] = 5,
    as_json: options.Json = False,
) -> None:
    """Show a corpus and its first problems; with --json the corpus on one line and each problem on one of its own."""
    from chimera_client.cli.output import console, emit
    from chimera_client.cli.session import Place, opened
    from chimera_client.views.corpora import render_corpus

    async with opened(Place.of_verifier(verifier, data_dir), None) as session:
        corpora = session.client.corpora
        corpus, items = await corpora.get(name), []
        async for item in corpora.read(name):
            items.append(item)
            if limit and len(items) == limit:
                break
    if as_json:
        for document in (corpus, *items):
            emit(document)
    else:
        console().print(render_corpus(corpus, items))


@command(app, "rm", "chimera corpora rm aime25")
async def rm(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The names of corpora.")],
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> None:
    """Forget corpora. Builds that name them and still run are no longer compared with them."""
    from chimera_client.cli.output import emit, note
    from chimera_client.cli.session import Place, opened

    async with opened(Place.of_verifier(verifier, data_dir), None) as session:
        for name in names:
            await session.client.corpora.delete(name)
            if as_json:
                emit({"deleted": name})
            else:
                note(f"{name} is forgotten")


@command(app, "find", 'chimera corpora find "How many primes are below 100?" --benchmark aime25')
async def find(
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="A problem's statement; - reads it from a pipe.")
    ],
    corpus: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A corpus to look in; several times.")
    ] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A corpus in which what is alike is a leak; several times.")
    ] = None,
    build: Annotated[str, typer.Option(metavar="ID", help="A build to look in.")] = "",
    verifier: options.Verifier = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> None:
    """Find duplicates, variants and leaks of a statement. Without a place to look, in every corpus."""
    import sys

    from chimera_client.cli.output import console, emit, note
    from chimera_client.cli.session import Place, opened
    from chimera_client.views.corpora import matches_table

    statement = sys.stdin.read() if statement == "-" else statement
    async with opened(Place.of_verifier(verifier, data_dir), None) as session:
        corpora = session.client.corpora
        places = list(corpus or ())
        if not (places or benchmark or build):
            places = [found.name async for found in corpora.list()]
        matches = await corpora.find_similar(statement, places, benchmark or (), build)
    if as_json:
        for match in matches:
            emit(match)
    elif matches:
        console().print(matches_table(matches))
    else:
        note("nothing is like it")
