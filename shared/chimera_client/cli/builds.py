"""`chimera builds`: submit, watch, steer and fork builds, and export what they made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import Code, command
from chimera_client.cli.groups import group

if TYPE_CHECKING:
    from chimera.build.v1 import build_pb2

app = group("Submit, watch, steer and fork builds.")


@command(app, "submit", "chimera builds submit examples/openai.yaml")
async def submit(
    file: options.BuildFileArgument,
    gateway: options.Gateway = None,
    verifier: options.Beside = None,
    request_id: Annotated[
        str | None, typer.Option(help="Submitting twice with the same id is submitting once. Without it: a new build.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Order a build and return at once."""
    from chimera_client import named_corpora
    from chimera_client.buildfile import read_build_file
    from chimera_client.cli.output import note, show
    from chimera_client.client import AsyncClient
    from chimera_client.views.tables import builds_table

    build_file = read_build_file(file)
    if build_file.endpoints is not None:
        note(f"`endpoints` of {file} is not sent: a gateway uses the endpoints of its operator")
    async with AsyncClient(gateway, verifier) as client:
        await named_corpora.provide(client, named_corpora.of_build(build_file.spec), build_file.corpora, note)
        build = await client.builds.submit(build_file.spec, request_id)
        show(build, as_json, lambda: builds_table([build]))
        if not as_json:
            note(f"follow it with: chimera builds watch {build.build_id}")


@command(app, "list", "chimera builds list --json")
async def list_(
    gateway: options.Gateway = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0 shows all.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List builds, newest first."""
    from chimera_client.cli.output import show_list
    from chimera_client.client import AsyncClient
    from chimera_client.views.tables import builds_table

    async with AsyncClient(gateway) as client:
        await show_list(client.builds.list(), as_json, limit, builds_table)


@command(app, "get", "chimera builds get b0123456789abcde")
async def get(build_id: options.BuildId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Show how far a build is."""
    from chimera_client.client import AsyncClient

    async with AsyncClient(gateway) as client:
        build = await client.builds.get(build_id)
        _show(build, as_json)
        if build.progress.controls and not as_json:
            from chimera_client.cli.output import console
            from chimera_client.cli.run import errors_of
            from chimera_client.views.calibration import errors_line

            console().print(errors_line(await errors_of(client, build)))


@command(app, "watch", "chimera builds watch b0123456789abcde")
async def watch(build_id: options.BuildId, gateway: options.Gateway = None, as_json: options.Json = False) -> Code:
    """Follow a build until it has ended; ctrl-C stops watching, not the build."""
    from chimera.build.v1 import build_pb2
    from chimera_client.cli.displays import make_display
    from chimera_client.cli.follow import follow
    from chimera_client.client import AsyncClient

    async with AsyncClient(gateway) as client:
        with make_display(as_json, wrapped=False) as display:
            build = await follow(client.builds.watch(build_id), display)
    return Code.OK if build.state == build_pb2.BUILD_STATE_SUCCEEDED else Code.FAILED


@command(app, "pause", "chimera builds pause b0123456789abcde")
async def pause(build_id: options.BuildId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Start no new work; what is in flight is finished."""
    from chimera_client.client import AsyncClient

    async with AsyncClient(gateway) as client:
        _show(await client.builds.pause(build_id), as_json)


@command(app, "resume", "chimera builds resume b0123456789abcde")
async def resume(build_id: options.BuildId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """Go on with a paused build."""
    from chimera_client.client import AsyncClient

    async with AsyncClient(gateway) as client:
        _show(await client.builds.resume(build_id), as_json)


@command(app, "cancel", "chimera builds cancel b0123456789abcde")
async def cancel(build_id: options.BuildId, gateway: options.Gateway = None, as_json: options.Json = False) -> None:
    """End a build for good; what was accepted stays readable."""
    from chimera_client.client import AsyncClient

    async with AsyncClient(gateway) as client:
        _show(await client.builds.cancel(build_id), as_json)


@command(app, "fork", "chimera builds fork b0123456789abcde examples/openai.yaml -o datasets/openai-2")
async def fork(
    build_id: options.BuildId,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A build file in YAML. Without it: what the build itself ordered."),
    ] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Another number of samples.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the dataset. Without it: datasets/NAME-fork.")
    ] = None,
    gateway: options.RunGateway = None,
    verifier: options.Beside = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    force: options.Force = False,
    as_json: options.Json = False,
) -> Code:
    """Build again, changed or larger, and pay only for what the old build did not ask.

    Every answer that build ID, or a fork of it, paid for is used again where all that shaped it is the same: model,
    prompt, seed, temperature, form. An answer that was cut off is asked for again if `max_tokens` is higher. So a
    higher `max_tokens` asks again only what was cut off, another prompt or model only its role, more samples only the
    new ones, and a higher budget nothing. The same command again continues the fork.
    """
    from chimera_client.cli.run import BuildRun, Options
    from chimera_client.cli.session import Place

    place = Place(gateway, data_dir, verifier)
    told = Options(place, file, output, force=force, as_json=as_json, fork_of=build_id, samples=samples)
    return await BuildRun(told).run()


@command(app, "export", "chimera builds export b0123456789abcde -o datasets/demo-partial")
async def export(
    build_id: options.BuildId,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the dataset. Without it: datasets/NAME, or datasets/NAME-partial."
        ),
    ] = None,
    version: options.Version = None,
    force: options.Force = False,
    gateway: options.RunGateway = None,
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    as_json: options.Json = False,
) -> None:
    """Write what an ended build accepted to a folder, whole or not at all.

    Of a build that ended early that is a partial dataset; its card, its manifest and croissant.json say so. If samples
    were recalled since, it is the newest version unless --version names another.
    """
    from chimera_client.cli.output import console, emit, note
    from chimera_client.cli.session import Place, opened
    from chimera_client.exporting import require_dataset, target_of

    async with opened(Place(gateway, data_dir), None) as session:
        build = await session.client.builds.get(build_id)
        dataset = await require_dataset(session.client, build, version)
        target = target_of(dataset, output, options.DEFAULT_OUTPUT_PARENT)
        target.require_writable(force=force)
        note(f"writing {dataset.samples:,} samples to {target.directory}")
        with target.replaced():
            summary = await session.client.datasets.export(dataset.dataset_id, target.directory)
    if as_json:
        emit(summary.plain())
    else:
        console().print(summary.words())


def _show(build: "build_pb2.Build", as_json: bool) -> None:
    import time

    from chimera_client.cli.output import show
    from chimera_client.views.pace import Pace
    from chimera_client.views.progress import render_progress

    show(build, as_json, lambda: render_progress(build, Pace(), time.time()))
