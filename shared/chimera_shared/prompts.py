"""Prompt templates: Markdown files beside the service that uses them, named in evidence by their hash."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from chimera_shared import identity

Messages = list[dict[str, str]]
_DIVIDER = "\n---\n"
_MARK_CHARS = 16


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system and a user message with `$names`; the file holds them in this order, divided by a line `---`."""

    system: str
    user: str
    sha256: str

    @classmethod
    def load(cls, package: str, name: str) -> "Prompt":
        """Read `prompts/NAME.md` of a package."""
        text = files(package).joinpath("prompts", f"{name}.md").read_text("utf-8")
        system, divider, user = text.partition(_DIVIDER)
        assert divider, f"{package}/prompts/{name}.md has no line `---` between system and user message"
        return cls(system.strip(), user.strip(), hashlib.sha256(text.encode()).hexdigest())

    def render(self, **values: object) -> Messages:
        """The messages with every `$name` filled in; KeyError if one is missing."""
        return [
            {"role": "system", "content": Template(self.system).substitute(values)},
            {"role": "user", "content": Template(self.user).substitute(values)},
        ]

    def render_quoted(self, **texts: str) -> Messages:
        """As `render`, with each text between tags of its name, such as `<answer-1f…>`, that it cannot close.

        The tags end in a hash of all texts, so none of them can hold it. For texts that may try to give orders.
        """
        mark = identity.digest(*texts.values())[:_MARK_CHARS]
        return self.render(**{name: f"<{name}-{mark}>\n{text}\n</{name}-{mark}>" for name, text in texts.items()})
