"""The models without weights that are always there, known before anything is started."""

from chimera_inference.config import Settings
from chimera_shared.settings import load


def settings() -> Settings:
    """The procedural server's settings, on a free port. Raises Configuration."""
    return load(Settings, port=0)


def names() -> frozenset[str]:
    """The endpoints that builds may name without configuring them. Raises Configuration."""
    return frozenset(model.name for model in settings().models)
