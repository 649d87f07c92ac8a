"""Build files: what a user orders, and on a laptop also the endpoints, in one YAML file."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chimera.build.v1 import build_pb2
from chimera_client import budget
from chimera_client.fields import Reader, Shorthand
from chimera_client.named_corpora import take_files
from chimera_client.yamlfile import parse_mapping, read_text
from chimera_shared import identity
from chimera_shared.endpoints.config import Endpoint, parse
from chimera_shared.errors import InvalidInput, Violation

ENDPOINTS_FIELD = "endpoints"


@dataclass(frozen=True, slots=True)
class BuildFile:
    """A build file that was read. `endpoints` is None if the file names none of its own."""

    spec: build_pb2.BuildSpec
    endpoints: Mapping[str, Endpoint] | None
    sha256: str
    """Of everything that makes it another order than those before."""
    corpora: Mapping[str, Path] = field(default_factory=dict)
    """Files that the order names, by the names of corpora that stand for them in `spec`."""

    def request_id(self, generation: int = 1) -> str:
        """The same for the same content and name, so that running a file again continues its build.

        Generations tell the orders of one file apart, from 1.
        """
        return f"{self.spec.name[:24]}-{self.sha256[:32]}-{generation}"


def read_build_file(path: Path) -> BuildFile:
    """Read a build file. InvalidInput names every wrong field; what the fields mean is judged by `validate_spec`."""
    text = read_text(path)
    spec, endpoints = parse_build(parse_mapping(text, str(path)))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if corpora := take_files(spec, path.parent):
        sha256 = identity.digest("corpora", sha256, *corpora)
    return BuildFile(spec, endpoints, sha256, corpora)


def parse_build(raw: Mapping[str, Any]) -> tuple[build_pb2.BuildSpec, Mapping[str, Endpoint] | None]:
    """The order in a mapping and its `endpoints`, if it has any; InvalidInput names every wrong field."""
    spec = build_pb2.BuildSpec()
    reader = Reader(_SHORTHANDS)
    reader.fill(spec, {k: v for k, v in raw.items() if k != budget.FIELD}, extra=[ENDPOINTS_FIELD, budget.FIELD])
    endpoints, wrong = read_endpoints(raw)
    if violations := [*reader.violations, *budget.take_budget(raw, spec.budget), *_zero_weights(raw), *wrong]:
        raise InvalidInput(violations)
    return spec, endpoints


def _zero_weights(raw: Mapping[str, Any]) -> Iterator[Violation]:
    """In a message 0 is a weight left out, which means 1; whoever writes it into a file wants none at all."""
    if raw.get("panel_threshold") == 0:
        yield Violation("panel_threshold", "must be above 0, not 0; leave it out for 2/3")
    if raw.get("weight") == 0:
        yield Violation("weight", "must be above 0, not 0; leave it out for 1")
    roles = raw.get("roles")
    panel = roles.get("panel") if isinstance(roles, dict) else None
    for i, member in enumerate(panel if isinstance(panel, list) else []):
        if isinstance(member, dict) and member.get("weight") == 0:
            yield Violation(
                f"roles.panel[{i}].weight", "must be above 0, not 0; remove the member, or the weight for 1"
            )
    subjects = raw.get("subjects")
    for i, subject in enumerate(subjects if isinstance(subjects, list) else []):
        if isinstance(subject, dict) and subject.get("weight") == 0:
            yield Violation(f"subjects[{i}].weight", "must be above 0, not 0; remove the subject, or the weight for 1")


def read_endpoints(raw: Mapping[str, Any]) -> tuple[Mapping[str, Endpoint] | None, tuple[Violation, ...]]:
    """The `endpoints` of a file, None if it has none, and what is wrong with them."""
    if ENDPOINTS_FIELD not in raw:
        return None, ()
    try:
        return parse(raw[ENDPOINTS_FIELD]), ()
    except InvalidInput as error:
        return None, error.violations


def role(raw: Any) -> Any:
    """`teacher`, `[teacher, spare]` or `{endpoints: teacher, temperature: 0.7}`."""
    if isinstance(raw, str):
        return {"endpoints": [raw]}
    if isinstance(raw, list):
        return {"endpoints": raw}
    if isinstance(raw, dict) and isinstance(raw.get("endpoints"), str):
        return {**raw, "endpoints": [raw["endpoints"]]}
    return raw


def _subject(raw: Any) -> Any:
    """`Physics` or `{name: Physics, weight: 2}`, with topics as a list or as a mapping to their weights."""
    if isinstance(raw, str):
        return {"name": raw}
    topics = raw.get("topics") if isinstance(raw, dict) else None
    if isinstance(topics, dict) and topics and "topic_weights" not in raw:
        return {**raw, "topics": [*topics], "topic_weights": [*topics.values()]}
    return raw


_SHORTHANDS: Mapping[str, Shorthand] = {
    build_pb2.RoleSpec.DESCRIPTOR.full_name: role,
    build_pb2.SubjectSpec.DESCRIPTOR.full_name: _subject,
}
