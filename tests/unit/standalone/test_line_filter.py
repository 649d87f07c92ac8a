import asyncio
import json
import os
import sys
from contextlib import contextmanager

import pytest

from chimera_shared.errors import Configuration
from chimera_standalone import line_filter, line_source
from chimera_standalone.line_filter import LineFilter
from chimera_standalone.line_source import Line, batches
from chimera_standalone.line_tasks import GRADE

WORKER = """
import json, sys, time
print("ready", flush=True)
for line in sys.stdin:
    number, _, content = line.partition("\\t")
    word = content.strip()
    if word == "die":
        sys.exit(1)
    if word == "hang":
        time.sleep(600)
    if word == "slow":
        time.sleep(0.3)
    print(json.dumps({"verdict": word, "method": "fake", "reason": number}), flush=True)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Workers that answer a line with itself, and die or hang on demand."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    monkeypatch.setattr(line_filter, "_COMMAND", (sys.executable, "-S", str(script)))
    return script


@contextmanager
def opened(path, content):
    path.write_bytes(content)
    with path.open("rb") as file:
        yield file.fileno()


async def answers(path, content, workers=2):
    with opened(path, content) as descriptor:
        async with LineFilter(GRADE, workers) as lines:
            return [json.loads(line) for some in [batch async for batch in lines.answers(descriptor)] for line in some]


async def test_answers_come_in_the_order_of_the_lines(fake, tmp_path):
    words = ["slow" if i in (0, 20) else f"w{i}" for i in range(200)]
    found = await answers(tmp_path / "lines", "\n".join(words).encode())
    assert [answer["verdict"] for answer in found] == words
    assert [answer["reason"] for answer in found] == [str(i + 1) for i in range(200)]


async def test_a_line_that_ends_its_worker_is_told_and_the_rest_is_answered(fake, tmp_path):
    found = await answers(tmp_path / "lines", b"a\ndie\nb\ndie\nc\n", workers=1)
    assert [answer["verdict"] for answer in found] == ["a", "unknown", "b", "unknown", "c"]
    assert (found[1]["method"], found[1]["reason"]) == ("lost", "line 2: ended the process that worked on it")


async def test_a_line_that_takes_too_long_is_given_up(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(line_filter, "LINE_SECONDS", 4.0)
    found = await answers(tmp_path / "lines", b"a\nhang\nb", workers=1)
    assert [answer["verdict"] for answer in found] == ["a", "unknown", "b"]
    assert found[1]["reason"] == "line 2: took longer than 4 s"


async def test_a_worker_that_cannot_be_started_ends_it_all(fake, tmp_path):
    fake.write_text("import nothing_of_the_kind")
    with pytest.raises(Configuration, match="a worker process cannot be started"):
        await answers(tmp_path / "lines", b"a\n" * 100)


async def test_no_lines_no_worker(fake, tmp_path):
    fake.write_text("import nothing_of_the_kind")
    assert await answers(tmp_path / "lines", b"\n  \n") == []


async def test_a_folder_is_no_input(fake, tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        async with LineFilter(GRADE, 1) as lines:
            with pytest.raises(IsADirectoryError):
                _ = [batch async for batch in lines.answers(descriptor)]
    finally:
        os.close(descriptor)


async def test_leaving_early_leaves_no_process(fake, tmp_path):
    with opened(tmp_path / "lines", b"slow\n" * 500) as descriptor:
        async with LineFilter(GRADE, 2) as lines:
            async for _ in lines.answers(descriptor):
                processes = [worker._process for worker in lines._workers]
                break
    assert processes
    assert all(process is None or process.returncode is not None for process in processes)


async def test_lines_are_passed_on_as_they_come(fake):
    reading, writing = os.pipe()
    try:
        async with LineFilter(GRADE, 2) as lines:
            found = lines.answers(reading)
            for word in ("first", "second"):
                os.write(writing, word.encode() + b"\n")
                answer = await asyncio.wait_for(anext(found), 120)
                assert json.loads(answer[0])["verdict"] == word
            os.close(writing)
            assert [batch async for batch in found] == []
    finally:
        os.close(reading)


async def test_lines_are_cut_at_their_ends_and_too_long_ones_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(line_source, "_CHUNK_BYTES", 7)
    monkeypatch.setattr(line_source, "MAX_LINE_BYTES", 20)
    with opened(tmp_path / "lines", b"a\n\n" + b"x" * 50 + b"\r\nlast one\n" + b"y" * 50 + b"\nend") as descriptor:
        found = [line for batch in [batch async for batch in batches(descriptor)] for line in batch]
    assert found == [Line(1, b"a"), Line(3, None), Line(4, b"last one"), Line(5, None), Line(6, b"end")]


async def test_a_line_that_is_too_long_is_told(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(line_source, "MAX_LINE_BYTES", 70_000)
    found = await answers(tmp_path / "lines", b"a\n" + b"x" * 200_000 + b"\nb")
    assert [(answer["verdict"], answer["method"]) for answer in found] == [
        ("a", "fake"),
        ("unknown", "input"),
        ("b", "fake"),
    ]
