"""`chimera up`: all services in the foreground."""

from typing import TYPE_CHECKING, Annotated

import typer

from chimera_client.cli import options
from chimera_client.cli.exits import command

if TYPE_CHECKING:
    from chimera_client.cli.services import Running

DEFAULT_PORT = 50051


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "up", "chimera up --endpoints endpoints.yaml")(up)


async def up(
    data_dir: options.DataDir = options.DEFAULT_DATA_DIR,
    endpoints: options.Endpoints = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The gateway's port; 0 takes a free one.")] = DEFAULT_PORT,
    verifier_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The verifier's port. Without it: the one after the gateway's.")
    ] = None,
    evaluator_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The evaluator's port. Without it: the verifier's and 1."),
    ] = None,
    trainer_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The trainer's port. Without it: the evaluator's and 1."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Run all services here until ctrl-C.

    A broker and a store are started too, unless KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI name others.
    """
    import asyncio
    import signal

    from chimera_client.cli.output import note
    from chimera_client.cli.services import log_to_file, read_endpoints, require_free, standalone

    known = read_endpoints(endpoints)
    verifier_port = _after(port) if verifier_port is None else verifier_port
    evaluator_port = _after(verifier_port) if evaluator_port is None else evaluator_port
    trainer_port = _after(evaluator_port) if trainer_port is None else trainer_port
    require_free(port, "--port")
    require_free(verifier_port, "--verifier-port")
    require_free(evaluator_port, "--evaluator-port")
    require_free(trainer_port, "--trainer-port")
    log = log_to_file(data_dir)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    note(f"data is in {data_dir}, the log is {log}")
    async with standalone(data_dir, known, note, port, verifier_port, evaluator_port, trainer_port) as running:
        _announce(running, as_json)
        await stop.wait()
        note("draining; what is in flight is finished or stays for the next start")


def _after(port: int) -> int:
    return port + 1 if 0 < port < 65535 else 0


def _announce(running: "Running", as_json: bool) -> None:
    from chimera_client.cli.output import console, emit
    from chimera_client.text import line

    gateway, verifier, evaluator = running.gateway_target, running.verifier_target, running.evaluator_target
    trainer, names = running.trainer_target, sorted(running.endpoints)
    if as_json:
        servers = {"gateway": gateway, "verifier": verifier, "evaluator": evaluator, "trainer": trainer}
        emit({**servers, "endpoints": names})
        return
    console().print(
        f"The gateway serves at {gateway}, the verifier at {verifier}, the evaluator at {evaluator},"
        f" the trainer at {trainer}.\n"
        f"Endpoints that builds may name: {line(', '.join(names), 400)}.\n\n"
        "In another terminal:\n"
        f"  export CHIMERA_GATEWAY={gateway} CHIMERA_VERIFIER={verifier} CHIMERA_EVALUATOR={evaluator}"
        f" CHIMERA_TRAINER={trainer}\n"
        "  chimera builds submit FILE    order a build\n"
        "  chimera builds list           see how builds stand\n\n"
        "Ctrl-C stops the services; builds go on at the next start."
    )
