"""The folder of a loop: whose it is, what gives way in it, and what does not."""

import json
from pathlib import Path

import pytest

from chimera_client.loop.folder import LoopFolder
from chimera_shared.errors import InvalidInput
from unit.client.test_cli import chimera
from unit.client.test_loop import written as loop_file


def folder(directory: Path, loop_id: str = "l1") -> LoopFolder:
    return LoopFolder(directory, loop_id, f"name-of-{loop_id}")


def put(path: Path, text: str = "{}") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def finished(directory: Path, loop_id: str = "l1") -> LoopFolder:
    """A loop's folder after two rounds."""
    loop = folder(directory, loop_id)
    loop.claim(force=False)
    put(directory / "report.json")
    put(directory / "report" / "scores.svg")
    for number in (1, 2):
        put(loop.part(number, "dataset") / "manifest.json", json.dumps({"build": {"build_id": "b1"}}))
        put(loop.part(number, "evaluation") / "report.json", '{"evaluation_id": "e1"}')
    return loop


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_the_same_loop_goes_on_in_its_folder(tmp_path):
    loop = finished(tmp_path / "out")
    before = files(loop.directory)
    loop.require_room(force=False)
    loop.claim(force=False)
    loop.claim(force=True)
    assert files(loop.directory) == before


def test_another_loop_is_refused_with_the_ways_out(tmp_path):
    finished(tmp_path / "out")
    for act in (LoopFolder.require_room, LoopFolder.claim):
        with pytest.raises(InvalidInput, match=r"another loop wrote, 'name-of-l1'.* with -o, or .* with --force") as no:
            act(folder(tmp_path / "out", "l2"), force=False)
        assert str(tmp_path / "out") in str(no.value)


def test_force_deletes_all_that_the_other_loop_wrote(tmp_path):
    finished(tmp_path / "out")
    other = folder(tmp_path / "out", "l2")
    other.require_room(force=True)
    assert "report.json" in files(other.directory), "nothing is deleted before the loop begins"
    other.claim(force=True)
    assert files(other.directory) == {".loop.json"}
    other.require_room(force=False)


@pytest.mark.parametrize(
    "foreign", ["notes.txt", "dataset/mine.csv", "evaluation/mine.csv", "round-2/dataset/mine.csv"]
)
@pytest.mark.parametrize("force", [False, True])
def test_what_no_loop_wrote_stays(tmp_path, foreign, force):
    loop = folder(tmp_path / "out")
    loop.claim(force=False)
    put(tmp_path / "out" / foreign)
    for each in (loop, folder(tmp_path / "out", "l2")):
        with pytest.raises(InvalidInput):
            each.require_room(force=force)
    assert foreign in files(tmp_path / "out")


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_without_a_loops_mark_is_not_a_loops(tmp_path, force):
    put(tmp_path / "out" / "report" / "mine.svg")
    with pytest.raises(InvalidInput, match="no loop's"):
        folder(tmp_path / "out").claim(force=force)
    put(tmp_path / "file")
    with pytest.raises(InvalidInput, match="no folder"):
        folder(tmp_path / "file").require_room(force=force)
    with pytest.raises(InvalidInput, match="cannot be written to"):
        folder(tmp_path / "file" / "out").claim(force=force)


def test_of_loops_without_results_the_first_that_writes_keeps_the_folder(tmp_path):
    first, second = folder(tmp_path / "out"), folder(tmp_path / "out", "l2")
    first.claim(force=False)
    second.claim(force=False)
    first.claim(force=False)
    put(tmp_path / "out" / "report.json")
    with pytest.raises(InvalidInput, match="another loop"):
        second.claim(force=False)
    first.claim(force=False)


async def test_the_command_tells_before_anything_is_started(tmp_path):
    finished(tmp_path / "out")
    command = ("loop", "run", loop_file(tmp_path), "-o", tmp_path / "out")
    refused = await chimera(*command, cwd=tmp_path)
    assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
    assert refused.err.startswith(f"chimera: --output: {tmp_path / 'out'} holds what another loop wrote")
    assert not (tmp_path / ".chimera").exists()
    forced = await chimera(*command, "--force", "--gateway", "127.0.0.1:1", cwd=tmp_path)
    assert forced.err.startswith("chimera: serve: "), "with --force the folder is no obstacle"
