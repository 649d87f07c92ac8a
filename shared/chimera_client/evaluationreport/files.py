"""The folder of an evaluation's results."""

import json
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.evaluationreport.sections import document
from chimera_client.plain import to_plain
from chimera_client.report import html, pages, svg
from chimera_shared.errors import InvalidInput

REPORT = "report.json"
ANSWERS = "answers.jsonl"


def require_room(directory: Path) -> None:
    """InvalidInput unless the folder is absent, empty, or holds the results of an evaluation, which give way."""
    if directory.is_dir() and any(directory.iterdir()) and not _is_ours(directory):
        raise InvalidInput.of("--output", f"{directory} is not empty and holds no evaluation; name another folder")
    if directory.exists() and not directory.is_dir():
        raise InvalidInput.of("--output", f"{directory} is no folder; name another")


async def write(
    evaluation: evaluation_pb2.Evaluation, answers: AsyncIterator[evaluation_pb2.Answer], directory: Path
) -> None:
    """Write report.html, report.md with its pictures, report.json and answers.jsonl, all of them or none."""
    fresh = directory.with_name(f".{directory.name}.{uuid.uuid4().hex[:8]}.new")
    fresh.mkdir(parents=True)
    try:
        drawn = document(evaluation)
        (fresh / pages.PICTURES).mkdir()
        (fresh / REPORT).write_text(json.dumps(to_plain(evaluation), indent=2, ensure_ascii=False) + "\n", "utf-8")
        (fresh / html.FILE_NAME).write_text(html.page(drawn), "utf-8")
        (fresh / pages.FILE_NAME).write_text(pages.page(drawn), "utf-8")
        for chart in drawn.charts:
            (fresh / pages.picture_path(chart)).write_text(svg.picture(chart), "utf-8")
        with (fresh / ANSWERS).open("w", encoding="utf-8") as file:
            async for answer in answers:
                file.write(json.dumps(to_plain(answer)) + "\n")
        _put(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _put(fresh: Path, directory: Path) -> None:
    if not directory.exists() or not any(directory.iterdir()):
        fresh.replace(directory)
        return
    require_room(directory)
    aside = directory.with_name(f".{directory.name}.{uuid.uuid4().hex[:8]}.old")
    directory.rename(aside)
    fresh.rename(directory)
    shutil.rmtree(aside)


def _is_ours(directory: Path) -> bool:
    try:
        return '"evaluation_id"' in (directory / REPORT).read_text("utf-8")[:200]
    except (OSError, UnicodeDecodeError):
        return False
