"""The inference service: an OpenAI-compatible server; its `procedural` engine needs no weights."""

__version__ = "0.1.0"
