"""`chimera build`: one command from a build file to a dataset."""

from typing import Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

app = group("From a build file to a dataset in one command.")


@command(app, "run", "chimera build run examples/demo.yaml -o datasets/demo")
async def run(
    file: options.BuildFileArgument,
    output: options.Output = None,
    gateway: options.RunGateway = None,
    verifier: options.Beside = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="Build anew even if this file's build has already succeeded; every answer is paid for again."
        ),
    ] = False,
    force: options.Force = False,
    as_json: options.Json = False,
) -> Code:
    """Build the dataset that FILE describes, and write it to a folder.

    The same FILE again continues an unfinished build and exports a finished one again, without paying twice. A FILE
    that was changed is another build, which pays only for what the change touches: the answers of earlier builds of
    its name and seed are used again where they fit, those of `chimera estimate` too. Ctrl-C pauses the build; a second
    ctrl-C ends at once.
    """
    from chimera_client.cli.run import BuildRun, Options
    from chimera_client.cli.session import Place

    told = Options(Place(gateway, data_dir, verifier), file, output, force=force, as_json=as_json, new=new)
    return await BuildRun(told).run()


@app.callback()
def _build() -> None:
    # With a single command, Typer would drop its name.
    pass
