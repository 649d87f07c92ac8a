"""A model's `serve` section, as it travels in the config of Ray Serve."""

from collections.abc import Mapping
from typing import Any

from chimera_shared.endpoints.serving import Serving


def serving_of(spec: Mapping[str, Any]) -> Serving:
    """The section of one model of the config's `args`."""
    return Serving.model_validate({key: value for key, value in spec.items() if key != "name"})
