"""The contract with its comments: protos/ as protoc describes them."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2 as d
from grpc_tools import protoc

ROOT = Path(__file__).parents[1] / "protos"
PREFIX = "chimera."


class Contract:
    """Every file of chimera.*, and the comment of everything in them by full name."""

    def __init__(self) -> None:
        self.files = [f for f in _described().file if f.package.startswith(PREFIX)]
        self.comments: dict[str, str] = {}
        self.messages: dict[str, d.DescriptorProto] = {}
        self.enums: dict[str, d.EnumDescriptorProto] = {}
        for file in self.files:
            names = dict(_names(file))
            for location in file.source_code_info.location:
                if (name := names.get(tuple(location.path))) and location.leading_comments:
                    self.comments[name] = " ".join(location.leading_comments.split())
            self.messages |= {f"{file.package}.{m.name}": m for m in file.message_type}
            self.enums |= {f"{file.package}.{e.name}": e for e in file.enum_type}

    def packages(self) -> list[str]:
        """The packages, sorted."""
        return sorted({f.package for f in self.files})

    def in_package(self, package: str) -> list[d.FileDescriptorProto]:
        """The files of one package."""
        return [f for f in self.files if f.package == package]


def is_map(message: d.DescriptorProto, field: d.FieldDescriptorProto) -> d.DescriptorProto | None:
    """The entry of a map field; None for any other field."""
    nested = {n.name: n for n in message.nested_type if n.options.map_entry}
    return nested.get(field.type_name.rpartition(".")[2])


def _described() -> d.FileDescriptorSet:
    sources = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("chimera/**/*.proto"))
    include = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "descriptors.binpb"
        options = [f"-I{ROOT}", f"-I{include}", "--include_source_info", f"--descriptor_set_out={out}"]
        if protoc.main(["protoc", *options, *sources]) != 0:
            sys.exit("protoc failed; its message stands above")
        return d.FileDescriptorSet.FromString(out.read_bytes())


def _names(file: d.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """Where things are in a file, by the path of their field numbers in FileDescriptorProto, and their full names."""
    yield (2,), file.package
    for i, message in enumerate(file.message_type):
        yield from _children((4, i), f"{file.package}.{message.name}", {2: message.field, 8: message.oneof_decl})
    for i, enum in enumerate(file.enum_type):
        yield from _children((5, i), f"{file.package}.{enum.name}", {2: enum.value})
    for i, service in enumerate(file.service):
        yield from _children((6, i), f"{file.package}.{service.name}", {2: service.method})


def _children(
    path: tuple[int, ...], name: str, children: dict[int, Sequence[object]]
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for number, items in children.items():
        for i, item in enumerate(items):
            yield (*path, number, i), f"{name}.{item.name}"  # type: ignore[attr-defined]
