"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Gateway = Annotated[
    str | None,
    typer.Option(envvar="CHIMERA_GATEWAY", help="HOST:PORT of the gateway. Without it: 127.0.0.1:50051."),
]
RunGateway = Annotated[
    str | None,
    typer.Option(envvar="CHIMERA_GATEWAY", help="HOST:PORT of a gateway. Without it all services are started here."),
]
Verifier = Annotated[
    str | None,
    typer.Option(
        envvar="CHIMERA_VERIFIER",
        help="HOST:PORT of a verifier. Without it, and without a gateway, all services are started here.",
    ),
]
Beside = Annotated[
    str | None,
    typer.Option(
        envvar="CHIMERA_VERIFIER", help="HOST:PORT of the gateway's verifier, for builds that name corpora or files."
    ),
]
Evaluator = Annotated[
    str | None,
    typer.Option(envvar="CHIMERA_EVALUATOR", help="HOST:PORT of the evaluator. Without it: 127.0.0.1:50053."),
]
Trainer = Annotated[
    str | None,
    typer.Option(envvar="CHIMERA_TRAINER", help="HOST:PORT of the trainer. Without it: 127.0.0.1:50054."),
]
RunEvaluator = Annotated[
    str | None,
    typer.Option(
        envvar="CHIMERA_EVALUATOR", help="HOST:PORT of an evaluator. Without it all services are started here."
    ),
]
RunTrainer = Annotated[
    str | None,
    typer.Option(envvar="CHIMERA_TRAINER", help="HOST:PORT of a trainer. Without it all services are started here."),
]
Endpoints = Annotated[
    Path | None, typer.Option(envvar="CHIMERA_ENDPOINTS", help="YAML file of model endpoints, or a build file.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output: one document a line.")]
DataDir = Annotated[
    Path, typer.Option(envvar="CHIMERA_DATA_DIR", help="Folder in which builds and samples survive restarts.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder for the dataset. Without it: datasets/NAME.")
]
Version = Annotated[
    int | None, typer.Option(min=1, help="A version of the dataset; `datasets history` shows those that there are.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a dataset that is there already.")]
BuildFileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A build file in YAML.")]
BuildId = Annotated[str, typer.Argument(metavar="ID", help="The id of a build.")]

DEFAULT_DATA_DIR = Path(".chimera")
DEFAULT_OUTPUT_PARENT = Path("datasets")
