"""YAML files from outside: bounded in size, free of bombs, without duplicate keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chimera_shared.errors import InvalidInput

MAX_BYTES = 1024 * 1024
_MAX_EXPANDED_NODES = 100_000
"""Aliases may repeat parts of a file, but not beyond this."""
_MERGE_TAG = "tag:yaml.org,2002:merge"


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping that the file holds; InvalidInput, with the file's name as the field, if it holds anything else."""
    return parse_mapping(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The file's text, of at most 1 MiB; no more than that is ever read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a null character is no file's
        why = getattr(error, "strerror", None) or error
        raise InvalidInput.of(repr(str(path))[1:-1], f"cannot be read ({why}); name a YAML file") from None
    if len(content) > MAX_BYTES:
        raise InvalidInput.of(str(path), "is larger than 1 MiB; a build file names topics and models, not data")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput.of(str(path), f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def parse_mapping(text: str, name: str) -> dict[str, Any]:
    """The mapping in a YAML document; `name` stands in errors."""
    try:
        found = _load(text, name)
    except yaml.YAMLError as error:
        raise InvalidInput.of(name, f"is not valid YAML: {_problem(error)}") from None
    except RecursionError:
        raise InvalidInput.of(name, "is nested too deeply; flatten it") from None
    except ValueError as error:
        raise InvalidInput.of(name, f"holds a value that cannot be read ({error}); put it in quotes") from None
    if not isinstance(found, dict):
        kind = "is empty" if found is None else f"holds a {type(found).__name__}"
        raise InvalidInput.of(name, f"{kind}; it must be a mapping of fields to values")
    return found


def _load(text: str, name: str) -> Any:
    # The pure-Python loader: the C loader crashes the process on deeply nested input.
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _check(root, name)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem or error.context} (line {mark.line + 1}, column {mark.column + 1})"
    return " ".join(str(error).split())[:200]


def _check(root: yaml.Node, name: str) -> None:
    sizes: dict[int, int] = {}
    if _size(root, sizes, set(), name) > max(_MAX_EXPANDED_NODES, len(sizes)):
        raise InvalidInput.of(name, f"repeats parts by aliases to over {_MAX_EXPANDED_NODES:,} values; write it out")


def _size(node: yaml.Node, sizes: dict[int, int], open_nodes: set[int], name: str) -> int:
    """How many nodes this one is with every alias written out."""
    key = id(node)
    if key in open_nodes:
        raise InvalidInput.of(name, f"contains itself by an alias (line {node.start_mark.line + 1}); remove the alias")
    if key not in sizes:
        open_nodes.add(key)
        if isinstance(node, yaml.MappingNode):
            _refuse_duplicates(node, name)
        sizes[key] = 1 + sum(_size(child, sizes, open_nodes, name) for child in _children(node))
        open_nodes.discard(key)
    return sizes[key]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _refuse_duplicates(node: yaml.MappingNode, name: str) -> None:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE_TAG:
            continue
        line, first = key.start_mark.line + 1, seen.get(key.value)
        seen[key.value] = line
        if first is not None:
            raise InvalidInput.of(name, f"has {key.value[:80]!r} on line {first} and again on line {line}; keep one")
