"""`verify calibrate` step by step: read, start or connect, plant, check, tell."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client import named_corpora, order
from chimera_client.buildfile import read_build_file
from chimera_client.calibration import Calibration as Counted
from chimera_client.calibration.gold import Gold, read_benchmarks, read_gold
from chimera_client.calibration.plan import SHARES, planned
from chimera_client.calibration.run import Calibration
from chimera_client.cli.counter import Counter
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.session import Place, opened
from chimera_client.client import AsyncClient
from chimera_client.plain import to_plain
from chimera_client.text import count, counted, money
from chimera_client.views.calibration import render_calibration
from chimera_client.words import control_kind_words
from chimera_shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told."""

    file: Path
    gold: Path
    place: Place
    controls: int
    kinds: Sequence[str]
    seed: int
    output: Path | None
    at_most: float | None
    as_json: bool


async def calibrate(told: Options) -> Code:
    """Everything from the files to the table."""
    file = read_build_file(told.file)
    order.require_sound(file, own_services=not told.place.elsewhere)
    gold, kinds = read_gold(told.gold), [_kind(name) for name in told.kinds]
    if told.output is not None:
        _require_room(told.output)
    found, controls = Counted(), list[control_pb2.Control]()
    async with opened(told.place, file.endpoints) as session:
        await named_corpora.provide(session.client, named_corpora.of_build(file.spec), file.corpora, note)
        benchmarks = await _benchmarks(session.client, file.spec)
        plan = planned(gold.items, benchmarks, file.spec, kinds, told.controls, told.seed)
        if not plan:
            raise InvalidInput.of("--kind", "none of these can be planted here; a leak needs `similarity.benchmarks`")
        note(f"{counted(len(plan), 'control')} out of {counted(len(gold.items), 'gold problem')} in {told.gold}")
        measuring = Calibration(session.client.verifier, file.spec, gold, told.seed)
        with Counter("checked", len(plan)) as progress:
            async for control in measuring.controls(plan):
                found.add(control)
                controls.append(control)
                progress.step()
    if len(controls) < len(plan):
        note(f"{counted(len(plan) - len(controls), 'control')} could not be made of any gold problem that was left")
    controls.sort(key=lambda control: control.control_id)
    if told.output is not None:
        _write(told.output, found, controls, file.spec, gold)
    _tell(told, found)
    return _verdict(told, found)


async def _benchmarks(client: AsyncClient, spec: build_pb2.BuildSpec) -> list[sample_pb2.Sample]:
    names = spec.similarity.benchmarks
    return await read_benchmarks(client.corpora, names) if names else []


def _kind(name: str) -> int:
    known = {control_kind_words(kind): kind for kind in SHARES}
    try:
        return known[name.lower().replace("-", " ").replace("_", " ")]
    except KeyError:
        listed = ", ".join(words.replace(" ", "-") for words in known)
        raise InvalidInput.of("--kind", f"nothing is named {name[:40]!r} (known: {listed})") from None


def _require_room(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput.of("--output", f"{folder} is there already and not empty; name another folder")


def _write(
    folder: Path, found: Counted, controls: Sequence[control_pb2.Control], spec: build_pb2.BuildSpec, gold: Gold
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(to_plain(control)) + "\n" for control in controls)
    (folder / "controls.jsonl").write_text(lines, "utf-8")
    summary = {
        "gold": {"source": gold.source, "items": len(gold.items), "sha256": gold.sha256},
        "roles": to_plain(spec.roles),
        **found.plain(),
    }
    (folder / "calibration.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    note(f"every control is in {folder / 'controls.jsonl'}, the rates are in {folder / 'calibration.json'}")


def _tell(told: Options, found: Counted) -> None:
    if told.as_json:
        emit({"type": "calibration", **found.plain()})
        return
    console().print(render_calibration(found))
    usage = found.usage
    note(
        f"{counted(usage.calls, 'model call')}, {count(usage.input_tokens)} tokens in, {count(usage.output_tokens)}"
        f" tokens out, {money(usage.cost_nanousd)}; the same command again asks nothing again"
    )


def _verdict(told: Options, found: Counted) -> Code:
    high = found.all.false_accepts.high
    if told.at_most is None or high <= told.at_most:
        return Code.OK
    note(f"the false-accept rate may be {high:.1%}, more than the {told.at_most:.1%} of --at-most")
    return Code.FAILED
