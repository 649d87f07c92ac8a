"""The problem families: one module each, in a folder a subject; the module's name is the family's name.

A new family is a module here and topics for it in `taxonomy.yaml`.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from ..family import Family


@cache
def all_families() -> dict[str, Family[Any]]:
    """Every family by name; each module holds exactly one."""
    found: dict[str, Family[Any]] = {}
    for module in pkgutil.walk_packages(__path__, __name__ + "."):
        if module.ispkg:
            continue
        loaded = importlib.import_module(module.name)
        (family,) = (
            value()
            for value in vars(loaded).values()
            if isinstance(value, type) and value.__module__ == module.name and issubclass(value, Family)
        )
        found[family.name] = family
    return found
