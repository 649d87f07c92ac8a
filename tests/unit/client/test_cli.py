import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from unittest import mock

import pytest
from typer.testing import CliRunner

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.cli.app import app
from chimera_client.cli.follow import Interrupts
from chimera_shared import identity
from chimera_shared.testing.samples import make_build

BUILD = """
name: small
samples: 6
subjects: [Mathematics, Logic]
roles:
  proposer: procedural-teacher
  panel: [procedural-strong, procedural-medium]
  solver: procedural-teacher
"""


CLEARED = ("CHIMERA_GATEWAY", "CHIMERA_VERIFIER", "CHIMERA_DEBUG", "KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI")


class Ended:
    """A finished command: exit code, standard output, standard error."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode(), err.decode()

    @property
    def documents(self):
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHIMERA_", "KAFKA_", "MONGODB_"))}
    return {**kept, **more}


@asynccontextmanager
async def started(*arguments, cwd=None, stdin=None, **variables):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chimera_client",
        *map(str, arguments),
        cwd=cwd,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**variables),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def chimera(*arguments, cwd=".", **variables):
    """Runs a command in a thread of this process, which is quick; only `started` ones can take signals."""
    runner = CliRunner(env={"COLUMNS": "120", **dict.fromkeys(CLEARED), **variables})
    without_signals = mock.patch.object(Interrupts, "installed", lambda self: contextlib.nullcontext(self))
    with contextlib.chdir(cwd), without_signals:
        result = await asyncio.to_thread(runner.invoke, app, [*map(str, arguments)])
    return Ended(result.exit_code, result.stdout_bytes, result.stderr_bytes)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(BUILD)
    return path


COMMANDS = [
    *(["up"], ["doctor"], ["estimate"], ["build", "run"]),
    *(["builds", verb] for verb in ("submit", "list", "get", "watch", "pause", "resume", "cancel", "fork", "export")),
    *(["samples", verb] for verb in ("list", "show")),
    *(["corpora", verb] for verb in ("import", "list", "show", "rm", "find")),
    *(["datasets", verb] for verb in ("list", "get", "history", "export", "report", "verify")),
    *(["recalls", verb] for verb in ("start", "list", "show", "watch", "cancel")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_an_example(command):
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert f"Example: chimera {' '.join(command)}" in " ".join(result.output.split())
    assert "--json" in result.output


@pytest.mark.parametrize("command", [["verify", "grade"], ["verify", "duplicates"]], ids=" ".join)
def test_every_filter_helps_with_an_example(command):
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert f"Example: chimera {' '.join(command)}" in " ".join(result.output.split())


async def test_a_filter_grades_what_is_piped_to_it_and_names_the_lines_that_are_none(tmp_path):
    lines = b'{"gold": "16", "pred": "016"}\nnonsense\n{"gold": 7, "pred": "The answer is 8."}\n'
    async with started("verify", "grade", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        out, err = await asyncio.wait_for(process.communicate(lines), 180)
    ended = Ended(process.returncode, out, err)
    assert ended.code == 2
    assert [grade["verdict"] for grade in ended.documents] == ["correct", "unknown", "incorrect"]
    assert "chimera: line 2: must be a JSON object" in ended.err
    assert "3 lines graded" in ended.err
    assert "1 correct" in ended.err


async def test_a_filter_relates_what_is_piped_to_it(tmp_path):
    lines = b'{"a": "How many primes are below 100?", "b": "HOW MANY PRIMES are below 100 ?"}\n{"a": "Why?"}\n'
    async with started("verify", "duplicates", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        out, err = await asyncio.wait_for(process.communicate(lines), 180)
    ended = Ended(process.returncode, out, err)
    assert ended.code == 2
    assert [document["relation"] for document in ended.documents] == ["duplicate", "unknown"]
    assert "chimera: line 2: b is missing or empty" in ended.err


async def test_a_filter_says_which_file_it_cannot_read(tmp_path):
    for file in (tmp_path, tmp_path / "absent.jsonl"):
        ended = await chimera("verify", "grade", file, cwd=tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert f"chimera: FILE: {file} cannot be read (" in ended.err


def test_help_imports_nothing_heavy():
    script = (
        "import sys, chimera_client.cli.app;"
        "print([m for m in ('grpc', 'google.protobuf', 'pydantic', 'rich.live', 'pyarrow', 'aiohttp', 'yaml')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_no_gateway_is_one_sentence_and_exit_3():
    ended = await chimera("builds", "list", CHIMERA_GATEWAY="127.0.0.1:9")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        "chimera: cannot reach the gateway at 127.0.0.1:9: start one with `chimera up` or set CHIMERA_GATEWAY\n"
    )


async def test_wrong_input_is_one_line_a_field_and_exit_2(file):
    file.write_text(BUILD + "smaples: 3\nseed: x\n")
    ended = await chimera("builds", "submit", file)
    assert ended.code == 2
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == ["smaples", "seed"]
    assert "did you mean `samples`?" in ended.err


async def test_submit_and_list_speak_json(gateway, file):
    submitted = await chimera("builds", "submit", file, "--gateway", gateway.target, "--json")
    assert submitted.code == 0
    (build,) = submitted.documents
    assert build["spec"]["samples"] == 6
    listed = await chimera("builds", "list", "--json", CHIMERA_GATEWAY=gateway.target)
    assert [b["build_id"] for b in listed.documents] == [build["build_id"]]


async def test_watch_ends_with_the_build_and_its_code(gateway):
    good, bad = gateway.add(make_build(name="good")), gateway.add(make_build(name="bad"))
    bad.state, bad.detail = build_pb2.BUILD_STATE_FAILED, "x: refused"
    done = await chimera("builds", "watch", good.build_id, "--json", CHIMERA_GATEWAY=gateway.target)
    assert done.code == 0
    assert [b["state"] for b in done.documents] == ["BUILD_STATE_RUNNING", "BUILD_STATE_SUCCEEDED"]
    failed = await chimera("builds", "watch", bad.build_id, CHIMERA_GATEWAY=gateway.target)
    assert (failed.code, failed.out) == (1, "")
    assert "bad failed: 12 of 12 accepted" in failed.err.splitlines()[-1]


async def test_steering_tells_what_cannot_be_done(gateway):
    build = gateway.add(make_build())
    ended = await chimera("builds", "pause", build.build_id, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 2
    assert "has ended" in ended.err
    cancelled = await chimera("builds", "cancel", build.build_id, "--json", CHIMERA_GATEWAY=gateway.target)
    assert cancelled.documents[0]["state"] == "BUILD_STATE_CANCELLED"


async def test_samples_are_filtered_and_limited(gateway):
    build = gateway.add(make_build(6))
    next(iter(gateway.samples.values())).reason = sample_pb2.REASON_DUPLICATE
    where = ["--build", build.build_id, "--gateway", gateway.target, "--json"]
    assert len((await chimera("samples", "list", *where)).documents) == 6
    assert len((await chimera("samples", "list", *where, "--reason", "duplicate")).documents) == 1
    limited = await chimera("samples", "list", *where, "--limit", "2")
    assert len(limited.documents) == 2
    assert "--limit 0" in limited.err
    wrong = await chimera("samples", "list", *where, "--reason", "boring")
    assert (wrong.code, "panel_disagrees" in wrong.err) == (2, True)


async def test_samples_are_found_by_their_evidence(gateway):
    build = gateway.add(make_build(6))
    where = ["--build", build.build_id, "--gateway", gateway.target, "--json"]
    times = ["--after", "2026-11-24", "--before", "2026-11-25T12:00+02:00"]
    assert (await chimera("samples", "list", *where, "--judge", "m1", "--prompt", "ABC123", *times)).code == 0
    asked = gateway.evidence
    assert (asked.role, asked.model, asked.endpoint, asked.prompt_sha256) == ("judge", "m1", "", "abc123")
    assert (asked.after.ToJsonString(), asked.before.ToJsonString()) == ("2026-11-24T00:00:00Z", "2026-11-25T10:00:00Z")
    wrong = await chimera("samples", "list", *where, "--judge", "m1", "--role", "panel")
    assert (wrong.code, "--judge: stands for --role judge" in wrong.err) == (2, True)
    wrong = await chimera("samples", "list", *where, "--after", "tuesday")
    assert (wrong.code, "--after: must be a time such as 2026-11-24" in wrong.err) == (2, True)


async def test_a_sample_shows_its_evidence(gateway):
    gateway.add(make_build())
    sample = next(iter(gateway.samples.values()))
    ended = await chimera("samples", "show", sample.ref.sample_id, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0
    vote = sample.validation.votes[1]
    for part in (sample.problem.statement, vote.calls[0].prompt_sha256[:12], vote.grade.method, sample.trace_id):
        assert part in ended.out


async def test_export_then_verify_then_damage(gateway, tmp_path):
    build = gateway.add(make_build())
    out = tmp_path / "out"
    exported = await chimera("datasets", "export", build.dataset_id, "-o", out, CHIMERA_GATEWAY=gateway.target)
    assert exported.code == 0
    assert (await chimera("datasets", "verify", out)).code == 0
    with (out / "README.md").open("a") as card:
        card.write("more")
    damaged = await chimera("datasets", "verify", out, "--json")
    assert damaged.code == 1
    assert "README.md" in damaged.documents[0]["problems"][0]
    again = await chimera("datasets", "export", build.dataset_id, "-o", out, CHIMERA_GATEWAY=gateway.target)
    assert (again.code, "--force" in again.err) == (2, True)
    forced = await chimera("datasets", "export", build.dataset_id, "-o", out, "--force", CHIMERA_GATEWAY=gateway.target)
    assert forced.code == 0
    assert (await chimera("datasets", "verify", out)).code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


async def test_a_report_is_shown_from_a_folder_and_made_of_an_id(gateway, tmp_path):
    build = gateway.add(make_build())
    made = await chimera(
        "datasets", "report", build.dataset_id, "-o", tmp_path / "report", "--json", CHIMERA_GATEWAY=gateway.target
    )
    assert made.code == 0, made.err
    assert made.documents[0]["head"]["samples"] == 12
    assert made.documents[0]["funnel"]["counted"]
    shown = await chimera("datasets", "report", tmp_path / "report", "-o", tmp_path / "copy")
    assert shown.code == 0, shown.err
    assert "12 accepted of 12 proposed" in shown.out
    names = [{p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*")} for n in ("report", "copy")]
    assert names[0] == names[1]
    for name in names[0]:
        if (tmp_path / "report" / name).is_file():
            assert (tmp_path / "report" / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()
    none = await chimera("datasets", "report", tmp_path)
    assert (none.code, "make it anew" in none.err) == (2, True)


async def test_build_run_ends_with_a_dataset_and_an_explanation(gateway, file, tmp_path):
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert (tmp_path / "datasets" / "small" / "manifest.json").is_file()
    text = " ".join(ended.out.split())
    for part in ("6 verified samples over 2 subjects", "repeated an earlier problem", "load_dataset", "--new"):
        assert part in text


async def test_build_run_again_orders_and_writes_nothing(gateway, file, tmp_path):
    for _ in range(2):
        ended = await chimera("build", "run", file, "--json", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
        assert ended.code == 0, ended.err
        assert ended.documents[-1]["type"] == "result"
    assert len(gateway.submitted) == 1
    assert "whole and unchanged" in ended.err


async def test_build_run_new_orders_another_build(gateway, file, tmp_path):
    first = await chimera("build", "run", file, "-o", "a", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    second = await chimera("build", "run", file, "-o", "b", "--new", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (first.code, second.code) == (0, 0)
    assert len({r.request_id for r in gateway.submitted}) == 2


async def test_build_run_takes_a_new_order_after_a_failure(gateway, file, tmp_path):
    from chimera_client.buildfile import read_build_file

    gateway.add(
        build_pb2.Build(
            build_id=identity.build_id(read_build_file(file).request_id(1)), state=build_pb2.BUILD_STATE_FAILED
        )
    )
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert gateway.submitted[0].request_id.endswith("-2")


async def test_build_run_explains_a_failure(gateway, file, tmp_path):
    def failed(spec, build_id):
        return build_pb2.Build(
            build_id=build_id,
            spec=spec,
            state=build_pb2.BUILD_STATE_FAILED,
            stop_reason=build_pb2.STOP_REASON_ENDPOINTS_FAILING,
            detail="a: cannot connect to http://127.0.0.1:9/v1",
        )

    gateway.outcome_of = failed
    gateway.add = lambda build: gateway.builds.setdefault(build.build_id, build)
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 1
    assert "0 of 6 samples: the model endpoints fail" in ended.out
    assert "cannot connect to http://127.0.0.1:9/v1" in ended.out
    assert not (tmp_path / "datasets").exists()


def earlier(gateway, **changes):
    """A build of the file's name and seed that is there already."""
    build = make_build(4, ["Mathematics"], name=changes.pop("name", "small"))
    build.spec.seed = changes.pop("seed", 0)
    build.spec.ledger_of = changes.pop("ledger_of", "")
    build.build_id = changes.pop("build_id", "b0000000000000001")
    build.dataset_id = identity.dataset_id(build.build_id)
    return gateway.add(build)


@pytest.mark.parametrize(
    ("changes", "ledger"),
    [
        ({}, "b0000000000000001"),
        ({"name": "small-pilot"}, "b0000000000000001"),
        ({"ledger_of": "b0000000000000009"}, "b0000000000000009"),
        ({"name": "other"}, ""),
        ({"seed": 5}, ""),
    ],
)
async def test_build_run_uses_the_answers_of_earlier_builds_of_its_name_and_seed(
    gateway, file, tmp_path, changes, ledger
):
    earlier(gateway, **changes)
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert gateway.submitted[0].spec.ledger_of == ledger
    assert ("are used again where they fit" in ended.err) == bool(ledger)


async def test_build_run_new_pays_for_everything_again(gateway, file, tmp_path):
    earlier(gateway)
    ended = await chimera("build", "run", file, "--new", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert gateway.submitted[0].spec.ledger_of == ""


async def test_a_fork_orders_the_same_again_with_the_ledger_of_the_first(gateway, tmp_path):
    old = earlier(gateway, ledger_of="b0000000000000009")
    command = ("builds", "fork", old.build_id, "--samples", "6", "--json")
    ended = await chimera(*command, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert ended.documents[-1]["directory"] == "datasets/small-fork"
    [request] = gateway.submitted
    assert (request.spec.ledger_of, request.spec.samples) == ("b0000000000000009", 6)
    assert [s.name for s in request.spec.subjects] == ["Mathematics"]
    assert "not sent" not in ended.err
    again = await chimera(*command, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (again.code, len(gateway.submitted)) == (0, 1)
    assert "whole and unchanged" in again.err


async def test_a_fork_of_a_file_orders_the_file(gateway, file, tmp_path):
    old = earlier(gateway, name="other", seed=5)
    ended = await chimera("builds", "fork", old.build_id, file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    [request] = gateway.submitted
    assert (request.spec.ledger_of, request.spec.samples, request.spec.name) == (old.build_id, 6, "small")
    absent = await chimera("builds", "fork", "b0", file, "-o", "x", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (absent.code, "no build b0" in absent.err) == (2, True)


def ends_early(gateway):
    """Makes the next build end when its budget is spent, with every second sample accepted."""

    def failed(spec, build_id):
        build = make_build(spec.samples, [s.name for s in spec.subjects], name=spec.name)
        build.build_id, build.dataset_id = build_id, identity.dataset_id(build_id)
        build.state, build.stop_reason = build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT
        build.progress.accepted -= 1
        return build

    gateway.outcome_of = failed


async def test_a_build_that_ends_early_says_how_to_have_what_it_made(gateway, file, tmp_path):
    ends_early(gateway)
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 1
    [build_id] = gateway.builds
    text = " ".join(ended.out.split())
    for part in (
        "5 of 6 samples: its budget is spent",
        f"chimera builds export {build_id}",
        f"chimera builds fork {build_id}",
    ):
        assert part in text
    gateway.datasets[identity.dataset_id(build_id)].partial = True
    exported = await chimera("builds", "export", build_id, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert exported.code == 0, exported.err
    assert "6 of 6 samples are in datasets/small-partial: a partial dataset, and marked so" in exported.out
    assert json.loads((tmp_path / "datasets/small-partial/manifest.json").read_text())["partial"] is True


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (build_pb2.BUILD_STATE_RUNNING, "is running; wait for its end"),
        (build_pb2.BUILD_STATE_FAILED, "failed before a sample was accepted"),
    ],
)
async def test_a_build_without_a_dataset_says_why_there_is_none(gateway, tmp_path, state, words):
    build = earlier(gateway)
    build.state, build.dataset_id = state, ""
    ended = await chimera("builds", "export", build.build_id, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (ended.code, words in ended.err) == (2, True), ended.err
    assert not (tmp_path / "datasets").exists()


async def test_an_estimate_makes_a_pilot_once_and_the_build_uses_it(gateway, file, tmp_path):
    file.write_text(BUILD.replace("samples: 6", "samples: 600") + "seed: 7\nbudget: {tokens: 100000}\n")
    told = await chimera("estimate", file.name, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert told.code == 0, told.err
    [pilot] = gateway.submitted
    assert (pilot.spec.name, pilot.spec.samples, pilot.spec.budget.tokens) == ("small-pilot", 24, 100_000)
    text = " ".join(told.out.split())
    for part in ("600 samples over 2 subjects, from a pilot of 24", "The budget of 100,000 tokens pays for about"):
        assert part in text
    assert f"Build it: chimera build run {file.name} --gateway {gateway.target}" in text
    again = await chimera("estimate", file.name, "--json", cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert len(gateway.submitted) == 1
    found = again.documents[-1]
    assert found["type"] == "estimate"
    assert found["calls"]["low"] <= found["calls"]["about"] <= found["calls"]["high"]
    run = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert run.code == 0, run.err
    assert gateway.submitted[1].spec.ledger_of == found["pilot"]["build_id"]


async def test_a_pilot_that_accepts_nothing_is_explained(gateway, file, tmp_path):
    def failed(spec, build_id):
        return build_pb2.Build(
            build_id=build_id,
            spec=spec,
            state=build_pb2.BUILD_STATE_FAILED,
            stop_reason=build_pb2.STOP_REASON_ENDPOINTS_FAILING,
            detail="a: cannot connect",
        )

    gateway.outcome_of = failed
    gateway.add = lambda build: gateway.builds.setdefault(build.build_id, build)
    ended = await chimera("estimate", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 1
    assert "a: cannot connect" in ended.out


@pytest.mark.parametrize("force", [[], ["--force"]])
async def test_build_run_orders_nothing_where_it_could_not_write(gateway, file, tmp_path, force):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    ended = await chimera("build", "run", file, "-o", "mine", *force, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert (ended.code, ended.out) == (2, "")
    assert not gateway.submitted
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BUILD.replace("samples: 6", "samples: -6"), "samples: must be from 1"),
        (
            BUILD.replace("[procedural-strong, procedural-medium]", "[nobody, procedural-medium]"),
            "no endpoint is named 'nobody'",
        ),
        (
            BUILD.replace("solver: procedural-teacher", "solver: paid")
            + "endpoints: {paid: {base_url: 'http://h/v1', model: m, api_key_env: NO_SUCH_KEY}}",
            "NO_SUCH_KEY is not set",
        ),
        (BUILD + "budget: {usd: 5}", "budget.usd: limits money, but no endpoint of this build has a price"),
    ],
)
async def test_build_run_starts_nothing_for_a_wrong_file(file, tmp_path, text, words):
    file.write_text(text)
    ended = await chimera("build", "run", file, cwd=tmp_path)
    assert ended.code == 2
    assert words in ended.err
    assert [p.name for p in tmp_path.iterdir()] == ["small.yaml"]


async def test_ctrl_c_pauses_and_the_same_command_resumes(gateway, file, tmp_path):
    gateway.hold = asyncio.Event()

    def running(spec, build_id):
        build = make_build(spec.samples, [s.name for s in spec.subjects], name=spec.name)
        build.build_id, build.dataset_id = build_id, identity.dataset_id(build_id)
        build.state = build_pb2.BUILD_STATE_RUNNING
        return build

    gateway.outcome_of = running
    async with started("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target) as process:
        line = await asyncio.wait_for(process.stderr.readline(), 120)
        assert b"small running" in line
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 130
    (build,) = gateway.builds.values()
    assert build.state == build_pb2.BUILD_STATE_PAUSED
    assert f"Go on with: chimera build run {file}" in err.decode()
    gateway.hold.set()
    ended = await chimera("build", "run", file, cwd=tmp_path, CHIMERA_GATEWAY=gateway.target)
    assert ended.code == 0, ended.err
    assert len(gateway.submitted) == 1


async def test_a_defect_is_one_sentence_unless_debugged(file, monkeypatch):
    monkeypatch.setattr("chimera_client.buildfile.read_build_file", lambda _: 1 / 0)
    ended = await chimera("builds", "submit", file)
    assert ended.code == 1
    assert "ZeroDivisionError" in ended.err
    assert "Traceback" not in ended.err + ended.out


def test_help_is_quick():
    best = min(_seconds_of_help() for _ in range(3))
    assert best < 1.5  # 0.25 s on the machine it was written on; the bound leaves room for a slow one


def _seconds_of_help():
    """Processor time, which other work does not change."""
    start = _seconds_of_children()
    subprocess.run([sys.executable, "-m", "chimera_client", "--help"], capture_output=True, check=True)
    return _seconds_of_children() - start


def _seconds_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
