"""`croissant.json`: the tables described in MLCommons' Croissant 1.1, so that other tools can read them."""

import json
from collections.abc import Mapping
from typing import Any

from chimera_client.export.columns import TABLES, Column, Kind, Table
from chimera_client.export.facts import APACHE, OTHER, Facts
from chimera_client.export.folder import FileEntry

FILE_NAME = "croissant.json"
PARQUET = "application/x-parquet"

LICENSES: Mapping[str, str] = {
    APACHE: "https://www.apache.org/licenses/LICENSE-2.0",
    OTHER: "Terms of the providers of the models named in the dataset card",
}

DATA_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "sc:Text",
    Kind.INTEGER: "sc:Integer",
    Kind.FLOAT: "sc:Float",
    Kind.TIME: "sc:DateTime",
}

CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(facts: Facts) -> str:
    """The text of `croissant.json`."""
    published = facts.created.date().isoformat()
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": facts.name,
        "description": (
            f"{_partial(facts)}{_change(facts)}{facts.statistics.samples} reasoning problems with typed answers and"
            " worked solutions, each checked by models that solved the problem without seeing its answer; synthetic,"
            " made by Chimera."
        ),
        "license": LICENSES.get(facts.license, facts.license),
        "creator": {"@type": "sc:Organization", "name": "Chimera"},
        "version": f"{facts.version}.0.0",
        "dateCreated": published,
        "datePublished": published,
        "keywords": ["synthetic", "reasoning", "verified", *facts.marks],
        "isLiveDataset": False,
        "citeAs": f"Chimera dataset {facts.name} ({facts.dataset.dataset_id}), {facts.created.year}",
        "distribution": [*(_file_object(entry) for entry in facts.tables), *(_file_set(table) for table in TABLES)],
        "recordSet": [_record_set(table) for table in TABLES],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _partial(facts: Facts) -> str:
    if not facts.partial:
        return ""
    return f"Partial dataset: {facts.asked} samples were asked for, and the build ended because {facts.why_partial}. "


def _change(facts: Facts) -> str:
    """What came between this version and the one that it takes the place of."""
    if facts.version == 1:
        return ""
    return f"Version {facts.version}, in the place of dataset {facts.dataset.parent_id}: {facts.dataset.change}. "


def _file_object(entry: FileEntry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": entry.path,
        "name": entry.path,
        "contentUrl": entry.path,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": entry.sha256,
    }


def _file_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"files/{table.config}",
        "name": f"files/{table.config}",
        "description": f"The shards of the configuration {table.config}.",
        "encodingFormat": PARQUET,
        "includes": table.pattern,
    }


def _record_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.config,
        "name": table.config,
        "description": table.description,
        "key": {"@id": f"{table.config}/sample_id"},
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: Column, parent: Column | None = None) -> dict[str, Any]:
    """One column; a member of a struct is read from its parent's column by its JSON path."""
    path = f"{parent.name}/{column.name}" if parent else column.name
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.config}/{path}",
        "name": column.name,
        "description": column.description,
    }
    if column.repeated:
        field |= {"isArray": True, "arrayShape": "-1"}
    if column.children:
        return field | {"subField": [_field(table, child, column) for child in column.children]}
    source: dict[str, Any] = {
        "fileSet": {"@id": f"files/{table.config}"},
        "extract": {"column": parent.name if parent else column.name},
    }
    if parent:
        source["transform"] = {"jsonPath": f"$.{column.name}"}
    return field | {"dataType": DATA_TYPES[column.kind], "source": source}
