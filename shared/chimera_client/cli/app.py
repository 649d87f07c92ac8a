"""All commands of `chimera`."""

import typer

from chimera_client.cli import (
    build,
    builds,
    corpora,
    datasets,
    dead_letters,
    doctor,
    estimate,
    evaluations,
    loop,
    models,
    recalls,
    samples,
    trainings,
    up,
    verify,
)
from chimera_client.cli.exits import CODES_HELP

app = typer.Typer(
    help="Build verified reasoning datasets.",
    epilog=f"Start with: chimera build run examples/demo.yaml. {CODES_HELP}",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich would double the time that --help takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
up.register(app)
doctor.register(app)
estimate.register(app)
for name, group in (
    ("build", build.app),
    ("builds", builds.app),
    ("samples", samples.app),
    ("datasets", datasets.app),
    ("recalls", recalls.app),
    ("evaluations", evaluations.app),
    ("trainings", trainings.app),
    ("models", models.app),
    ("loop", loop.app),
    ("dead-letters", dead_letters.app),
    ("corpora", corpora.app),
    ("verify", verify.app),
):
    app.add_typer(group, name=name)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"chimera {version('chimera')}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass
