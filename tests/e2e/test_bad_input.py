"""Whatever is wrong is said in one sentence that names it and the way out, soon, and nothing is left half done."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
import yaml

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from e2e.commands import ROLES, Ended, build_file, chimera, up
from e2e.faults import MESSAGES, failing_server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

NOBODY = "127.0.0.1:9"
START_SECONDS = 60.0
"""For an interpreter on a busy machine; 1 s on an idle one."""
UNREACHABLE_SECONDS = 180.0
"""For a server that is not there; 5 s on an idle machine, after which the store is given up."""
FAILURE_SECONDS = 180.0
"""From an order to its end when models fail."""


def require_refused(ended: Ended, *words: str, code: int = 2, within: float = START_SECONDS) -> None:
    """One sentence that holds these words, in time, and nothing else but remarks."""
    require_complaints(ended, [words], code)
    assert ended.seconds < within


def require_complaints(ended: Ended, wanted: Sequence[Sequence[str]], code: int = 2) -> None:
    """One sentence for each mistake, in this order."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert len(ended.complaints) == len(wanted), ended.complaints
    for complaint, words in zip(ended.complaints, wanted, strict=True):
        assert complaint.isprintable()
        for word in words:
            assert word in complaint


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


NO_MODEL = {"base_url": "http://h/v1", "api_key_env": "PRIVATE"}
NO_KEY = {"base_url": "http://h/v1", "model": "m", "api_key_env": "NO_SUCH_KEY"}
MISSPELT = {"roles": {**ROLES, "solver": "procedural-teecher"}}
KEYLESS = {"roles": {**ROLES, "solver": "mine"}, "endpoints": {"mine": NO_KEY}}
WRONG_FILES: dict[str, tuple[dict[str, Any], list[tuple[str, ...]]]] = {
    "fields": (
        {
            "samples": "ten",
            "subjects": [{"name": "A", "weight": "two"}, {"name": "B", "weight": 0}],
            "endpoints": {"mine": NO_MODEL},
            "sampels": 3,
        },
        [
            ("samples: must be a whole number, not 'ten'",),
            ("subjects[0].weight: must be a number, not 'two'",),
            ("sampels: no such field", "did you mean `samples`?"),
            ("subjects[1].weight: must be above 0", "remove the subject"),
            ("endpoints.mine.model: is required",),
        ],
    ),
    "values": (
        {
            "name": "../../evil",
            "samples": 0,
            "subjects": [
                {"name": "Logic", "weight": -2},
                {"name": "logic ", "weight": float("nan")},
                {"name": "a\x1b[31mb", "weight": float("inf")},
            ],
            "roles": {**MISSPELT["roles"], "proposer": "large", "panel": ["procedural-weak"] * 2},
        },
        [
            ("name: must be 1 to 64 letters", "'../../evil'"),
            ("samples: must be from 1 to", "not 0"),
            ("subjects[0].weight: must be", "not -2"),
            ("subjects[1].name: 'logic '", "subjects[0]", "once"),
            ("subjects[1].weight: must be", "not nan"),
            ("subjects[2].name: must be", r"'a\x1b[31mb'"),
            ("subjects[2].weight: must be", "not inf"),
            ("roles.proposer: no endpoint is named 'large'", "procedural-teacher"),
            ("roles.solver: no endpoint is named 'procedural-teecher'", "procedural-teacher, procedural-weak"),
            ("roles.panel[1]: 'procedural-weak'", "roles.panel[0]", "members must differ in model"),
        ],
    ),
    "few": (
        {"name": "[red]x[/red]", "subjects": [], "roles": {**ROLES, "panel": ["procedural-weak"]}},
        [
            ("name: must be 1 to 64 letters", "'[red]x[/red]'"),
            ("subjects: must name 1 to", "not 0"),
            ("roles.panel: must have at least two members, not 1",),
        ],
    ),
    "one": (MISSPELT, [("roles.solver: no endpoint is named 'procedural-teecher'", "procedural-teacher")]),
    "key": (KEYLESS, [("endpoints.mine.api_key_env", "NO_SUCH_KEY is not set", "export it")]),
}


@pytest.mark.parametrize("case", WRONG_FILES)
async def test_a_wrong_file_starts_nothing_and_every_mistake_is_told(tmp_path: Path, case: str) -> None:
    changes, wanted = WRONG_FILES[case]
    file = build_file(tmp_path / "f.yaml", **changes)
    ended = await chimera("build", "run", file, "--data-dir", tmp_path / "data", "-o", tmp_path / "out")
    require_complaints(ended, wanted)
    assert ended.seconds < START_SECONDS
    assert "PRIVATE" not in ended.err
    assert files_in(tmp_path) == ["f.yaml"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
WRONG_TEXTS = {
    "of 50 MB": ("topics:\n" + "- aaaaaaaaaaaaaaaaaa\n" * 2_500_000, "is larger than 1 MiB"),
    "bomb": (BOMB, "repeats parts by aliases"),
    "deep": ("[" * 100_000, "is nested too deeply"),
    "code": ("a: !!python/object/apply:os.system [id]", "is not valid YAML"),
}


@pytest.mark.parametrize("case", WRONG_TEXTS)
async def test_a_file_that_is_no_build_file(tmp_path: Path, case: str) -> None:
    text, words = WRONG_TEXTS[case]
    file = tmp_path / "f.yaml"
    file.write_text(text)
    ended = await chimera("build", "run", file, "--data-dir", tmp_path / "data", "-o", tmp_path / "out")
    require_refused(ended, f"{file}: {words}")
    assert files_in(tmp_path) == ["f.yaml"]


async def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    output = tmp_path / "mine"
    output.mkdir()
    (output / "thesis.tex").write_text("x")
    command = ("build", "run", build_file(tmp_path / "f.yaml"), "--data-dir", tmp_path / "data", "-o", output)
    require_refused(await chimera(*command), f"{output} is not empty")
    require_refused(await chimera(*command, "--force"), f"{output} is not empty", "--force does not replace it")
    assert (output / "thesis.tex").read_text() == "x"
    assert not (tmp_path / "data").exists()


UNREACHABLE: list[tuple[dict[str, str], tuple[str, ...], int]] = [
    ({"KAFKA_BOOTSTRAP_SERVERS": NOBODY}, (f"Kafka does not answer at {NOBODY}", "KAFKA_BOOTSTRAP_SERVERS"), 3),
    ({"MONGODB_URI": f"mongodb://{NOBODY}"}, (f"MongoDB does not answer: {NOBODY}", "MONGODB_URI"), 3),
    ({"MONGODB_URI": "http://h"}, ("MONGODB_URI:", "mongodb://host:port"), 2),
    ({"CHIMERA_GATEWAY": NOBODY}, (f"cannot reach the gateway at {NOBODY}", "chimera up"), 3),
    ({"CHIMERA_GATEWAY": "nowhere"}, ("gateway: must be HOST:PORT", "'nowhere'", "CHIMERA_GATEWAY"), 2),
    ({"CHIMERA_MAX_IN_FLIGHT": "many"}, ("CHIMERA_MAX_IN_FLIGHT:", "'many'"), 2),
    ({"CHIMERA_INFERENCE_SEED": "x"}, ("CHIMERA_INFERENCE_SEED:", "'x'"), 2),
    ({"CHIMERA_INFERENCE_MODELS": "x"}, ("CHIMERA_INFERENCE_", '"models"', "as JSON"), 2),
]


async def test_servers_that_are_not_there_and_settings_that_are_wrong(tmp_path: Path) -> None:
    command = ("build", "run", build_file(tmp_path / "f.yaml"), "-o", tmp_path / "out")
    told = await asyncio.gather(
        *(
            chimera(*command, "--data-dir", tmp_path / f"data-{i}", **variables)
            for i, (variables, _, _) in enumerate(UNREACHABLE)
        )
    )
    for ended, (_, words, code) in zip(told, UNREACHABLE, strict=True):
        require_refused(ended, *words, code=code, within=UNREACHABLE_SECONDS)
    assert not (tmp_path / "out").exists()


async def test_a_port_that_is_taken_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await chimera("up", "--data-dir", tmp_path / "data", "--port", port)
    require_refused(ended, f"--port: {port} cannot be had", "0 for a free one")
    assert not (tmp_path / "data").exists()


SERVICES = ("taxonomy", "generator", "verifier", "gateway")


async def test_services_refuse_bad_settings_in_a_sentence(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.yaml"
    alone = {"KAFKA_BOOTSTRAP_SERVERS": NOBODY, "MONGODB_URI": f"mongodb://{NOBODY}"}
    cases: list[tuple[str, dict[str, str], str]] = [
        (
            "taxonomy",
            {"CHIMERA_PORT": "70000"},
            "CHIMERA_PORT: Input should be less than or equal to 65535 (is '70000')",
        ),
        ("verifier", {"CHIMERA_ENDPOINTS": str(nowhere)}, f"CHIMERA_ENDPOINTS: cannot read {nowhere}"),
        *((service, alone, "does not answer") for service in SERVICES),
    ]
    told = await asyncio.gather(*(chimera(module=f"chimera_{name}", **variables) for name, variables, _ in cases))
    for refused, (_, _, words) in zip(told, cases, strict=True):
        assert refused.code == 1, refused
        assert "Traceback" not in refused.err
        assert words in refused.err.splitlines()[-1]
        assert refused.seconds < UNREACHABLE_SECONDS


async def test_the_inference_service_refuses_bad_settings_in_a_sentence() -> None:
    refused = await chimera(module="chimera_inference", CHIMERA_INFERENCE_PORT=70000)
    assert refused.code == 2
    (line,) = refused.err.splitlines()
    assert "CHIMERA_INFERENCE_PORT" in line
    assert "70000" in line


async def test_doctor_finds_nothing_or_names_it(tmp_path: Path) -> None:
    where = ("--data-dir", tmp_path, "--json")
    good, broken = await asyncio.gather(
        chimera("doctor", build_file(tmp_path / "good.yaml"), *where),
        chimera(
            *("doctor", build_file(tmp_path / "bad.yaml", **KEYLESS), *where),
            KAFKA_BOOTSTRAP_SERVERS=NOBODY,
            MONGODB_URI=f"mongodb://user:PRIVATE@{NOBODY}",
        ),
    )
    assert good.code == 0, good
    assert all(finding["ok"] for finding in good.documents)
    assert broken.code == 1
    bad = {finding["check"]: finding for finding in broken.documents if not finding["ok"]}
    assert set(bad) == {"broker", "store", "endpoint mine"}
    assert all(finding["way_out"] for finding in bad.values())
    assert "NO_SUCH_KEY" in bad["endpoint mine"]["detail"]
    assert "PRIVATE" not in broken.out + broken.err
    misspelt = build_file(tmp_path / "misspelt.yaml", **MISSPELT)
    refused = await chimera("doctor", misspelt, "--data-dir", tmp_path)
    assert refused.code == 1
    assert "procedural-teecher" in refused.out


@dataclass(frozen=True)
class Running:
    """Long-running services whose endpoints fail in every way, beside the procedural ones."""

    gateway: str
    data: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("services")
    with failing_server() as address:
        urls = {f"always-{status}": f"{address}/{status}/v1" for status in MESSAGES}
        urls["refused"] = f"http://{NOBODY}/v1"
        endpoints = folder / "endpoints.yaml"
        endpoints.write_text(yaml.safe_dump({n: {"base_url": url, "model": n} for n, url in urls.items()}))
        async with up(folder / "data", "--endpoints", endpoints) as gateway:
            yield Running(gateway, folder / "data")


async def test_a_data_folder_has_one_owner(running: Running, tmp_path: Path) -> None:
    command = ("build", "run", build_file(tmp_path / "f.yaml"), "--data-dir", running.data, "-o", tmp_path / "out")
    require_refused(await chimera(*command), f"{running.data}/broker is in use by process", "choose another directory")


def roles(**changes: Any) -> dict[str, Any]:
    return {"roles": {**ROLES, **changes}}


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "connection refused": (
        roles(proposer="refused"),
        f"proposer: refused: cannot connect to http://{NOBODY}/v1: Connect call failed ('127.0.0.1', 9)",
    ),
    **{
        f"status {status}": (
            roles(proposer=f"always-{status}"),
            f"proposer: always-{status}: the endpoint answered {status}: {message}",
        )
        for status, message in MESSAGES.items()
    },
    "solver alone": (roles(solver="always-401"), f"solver: always-401: the endpoint answered 401: {MESSAGES[401]}"),
    "one of the panel": (
        roles(panel=["procedural-strong", "always-500"]),
        f"panel[1]: always-500: the endpoint answered 500: {MESSAGES[500]}",
    ),
}


async def test_failing_models_end_the_build_with_their_cause(running: Running, tmp_path: Path) -> None:
    files = {
        case: build_file(tmp_path / f"{i}.yaml", seed=i, **changes)
        for i, (case, (changes, _)) in enumerate(FAILING.items())
    }
    output = tmp_path / "out"
    where = ("-o", output, "--gateway", running.gateway)
    told = await asyncio.gather(*(chimera("build", "run", file, "--json", *where) for file in files.values()))
    for (case, (_, cause)), run in zip(FAILING.items(), told, strict=True):
        assert (run.code, run.complaints) == (1, []), case
        build = run.build
        assert build["state"] == "BUILD_STATE_FAILED"
        assert (build["stop_reason"], build["detail"]) == ("STOP_REASON_ENDPOINTS_FAILING", cause), case
        took = datetime.fromisoformat(build["end_time"]) - datetime.fromisoformat(build["create_time"])
        assert took.total_seconds() < FAILURE_SECONDS, case
    assert not output.exists()
    shown = await chimera("builds", "watch", told[0].build["build_id"], "--gateway", running.gateway)
    assert shown.code == 1


def order(**changes: Any) -> build_pb2.BuildSpec:
    return build_pb2.BuildSpec(
        name="raw",
        samples=4,
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=["procedural-teacher"]),
            panel=[build_pb2.RoleSpec(endpoints=[f"procedural-{name}"]) for name in ("strong", "medium")],
            solver=build_pb2.RoleSpec(endpoints=["procedural-teacher"]),
        ),
        **changes,
    )


async def submit(running: Running, spec: build_pb2.BuildSpec) -> grpc.StatusCode:
    """Straight through gRPC, as a client that checks nothing."""
    unlimited = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(running.gateway, options=unlimited) as channel:
        stub = build_service_pb2_grpc.BuildServiceStub(channel)
        try:
            await stub.SubmitBuild(build_service_pb2.SubmitBuildRequest(request_id="raw", spec=spec), timeout=180)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


async def test_an_order_of_50_mb_is_refused_and_harms_nobody(running: Running, tmp_path: Path) -> None:
    huge = order(subjects=[build_pb2.SubjectSpec(name="Physics", topics=["t" * 200] * 250_000)])
    assert await submit(running, huge) == grpc.StatusCode.RESOURCE_EXHAUSTED
    wrong = order(subjects=[build_pb2.SubjectSpec(name="\x1b[31m" * 1000, weight=float("nan"))] * 500)
    assert await submit(running, wrong) == grpc.StatusCode.INVALID_ARGUMENT
    output = tmp_path / "out"
    file = build_file(tmp_path / "f.yaml", name="after", samples=4)
    after = await chimera("build", "run", file, "-o", output, "--gateway", running.gateway, "--json")
    assert (after.code, after.build["progress"]["accepted"]) == (0, 4), after


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system of 48 KiB, which no dataset fits in."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(path)]
    if (made := subprocess.run(mount, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


async def test_a_full_disk_leaves_no_dataset_and_the_build_can_be_exported_again(
    running: Running, tmp_path: Path
) -> None:
    file = build_file(tmp_path / "f.yaml", name="full")
    with small_disk(tmp_path / "disk") as disk:
        where = ("--gateway", running.gateway)
        full = await chimera("build", "run", file, "-o", disk / "out", *where)
        require_refused(full, f"the disk is full: the dataset could not be written to {disk}/out", code=1, within=180)
        assert files_in(disk) == []
    again = await chimera("build", "run", file, "-o", tmp_path / "out", *where)
    assert (again.code, again.complaints) == (0, [])
