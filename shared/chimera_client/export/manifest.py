"""`manifest.json`: checksums, and where everything in the dataset came from. It holds no secret."""

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.export.columns import TABLES, flatten
from chimera_client.export.facts import Facts
from chimera_client.export.folder import FileEntry
from chimera_client.export.recipe import endpoint_fields, spec_fields
from chimera_client.export.rows import NANOUSD_PER_USD
from chimera_client.export.statistics import RoleStatistics

FILE_NAME = "manifest.json"
FORMAT_VERSION = 1


def manifest(facts: Facts, files: Sequence[FileEntry]) -> str:
    """The text of `manifest.json`; `files` are all others."""
    build, dataset, statistics = facts.build, facts.dataset, facts.statistics
    document = {
        "format_version": FORMAT_VERSION,
        "created": facts.created.isoformat(timespec="seconds"),
        "versions": {
            "chimera": version("chimera"),
            "python": platform.python_version(),
            "pyarrow": pa.__version__,
        },
        "license": facts.license,
        "dataset": spec_fields(dataset),
        "build": {
            "build_id": build.build_id,
            "state": build_pb2.BuildState.Name(build.state),
            "create_time": build.create_time.ToJsonString() if build.HasField("create_time") else None,
            "end_time": build.end_time.ToJsonString() if build.HasField("end_time") else None,
            "stop_reason": build_pb2.StopReason.Name(build.stop_reason) if build.stop_reason else None,
            "detail": build.detail or None,
            "spec": spec_fields(build.spec),
        },
        "seeds": {"build": build.spec.seed, "samples": "the column `seed`, derived from the build's"},
        "samples": statistics.samples,
        "samples_asked": facts.asked,
        "partial": facts.partial,
        "samples_by_subject": dict(statistics.subjects),
        "samples_by_answer_type": dict(statistics.answer_types),
        "counts": _counts(build.progress),
        "usage": {
            "build": usage_fields(build.progress.usage),
            "reused": usage_fields(build.progress.reused),
            "accepted_samples": usage_fields(statistics.usage),
        },
        "procedural_only": facts.procedural_only,
        "roles": {role: _role(statistics.roles[role]) for role in sorted(statistics.roles)},
        "endpoints": {name: endpoint_fields(facts.endpoints[name]) for name in sorted(facts.endpoints)},
        "columns": {table.config: _columns(table.columns) for table in TABLES},
        "files": [_file(entry) for entry in sorted(files, key=lambda entry: entry.path)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def usage_fields(usage: sample_pb2.Usage) -> dict[str, Any]:
    """What was consumed, with the cost in US dollars."""
    return {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_nanousd / NANOUSD_PER_USD,
    }


def _counts(progress: build_pb2.Progress) -> dict[str, Any]:
    names = ("topics", "requested", "proposed", "validated", "solved", "accepted", "rejected", "unknown")
    counts: dict[str, Any] = {name: getattr(progress, name) for name in names}
    counts["settled"] = progress.accepted + progress.rejected + progress.unknown
    counts["not_accepted_by_reason"] = dict(sorted(progress.reasons.items()))
    counts["subjects"] = [
        {"subject": s.subject, "target": s.target, "accepted": s.accepted, "settled": s.settled}
        for s in progress.subjects
    ]
    return counts


def _role(role: RoleStatistics) -> dict[str, Any]:
    return {
        "calls": role.calls,
        "models": _sorted(role.models),
        "endpoints": _sorted(role.endpoints),
        "prompts_sha256": _sorted(role.prompts),
        "parameters": _sorted(role.parameters),
    }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _columns(columns: Any) -> list[dict[str, str]]:
    return [
        {"name": name, "type": column.type_name, "description": column.description} for name, column in flatten(columns)
    ]


def _file(entry: FileEntry) -> dict[str, Any]:
    fields: dict[str, Any] = {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256}
    if entry.rows is not None:
        fields["rows"] = entry.rows
    return fields
