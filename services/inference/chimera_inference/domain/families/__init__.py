"""The problem families: one module each, in a folder a subject; the module's name is the family's name.

A new family is a module here and topics for it in `taxonomy.yaml`. What several share has no wordings of its own.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from ..family import Family


@cache
def all_families() -> dict[str, Family[Any]]:
    """Every family by name; a module without one holds what several share."""
    found: dict[str, Family[Any]] = {}
    for module in pkgutil.walk_packages(__path__, __name__ + "."):
        if module.ispkg:
            continue
        loaded = importlib.import_module(module.name)
        for value in vars(loaded).values():
            if not isinstance(value, type) or not issubclass(value, Family) or value.__module__ != module.name:
                continue
            if hasattr(value, "wordings"):
                family = value()
                found[family.name] = family
    return found
