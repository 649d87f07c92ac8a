"""What engines yield, and how the thoughts of an answer are told from the answer."""

from collections.abc import Iterator
from dataclasses import dataclass

OPENING, CLOSING = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one choice of an answer. `finish_reason` stands on its last."""

    index: int
    text: str = ""
    reasoning: bool = False
    refusal: bool = False
    tokens: int = 0
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request cannot be answered: the field and what is wrong with it."""

    param: str
    message: str


class Thoughts:
    """Splits a text that comes in parts into thoughts, between `<think>` and `</think>`, and what follows.

    `begun` says that the prompt itself opened the thought, as some chat templates do.
    """

    def __init__(self, *, begun: bool = False) -> None:
        self._thinks = begun
        self._decided = begun
        self._held = ""

    def take(self, text: str) -> Iterator[tuple[str, bool]]:
        """Parts of the text, each with whether it is a thought. What may be part of a mark is held back."""
        self._held += text
        while self._held:
            if not self._decided:
                stripped = self._held.lstrip()
                if stripped.startswith(OPENING):
                    self._thinks, self._decided = True, True
                    self._held = stripped[len(OPENING) :]
                elif OPENING.startswith(stripped):
                    return
                else:
                    self._decided = True
                continue
            if not self._thinks:
                yield self._held, False
                self._held = ""
                return
            at = self._held.find(CLOSING)
            if at < 0:
                keep = _overlap(self._held, CLOSING)
                if ready := self._held[: len(self._held) - keep]:
                    yield ready, True
                self._held = self._held[len(self._held) - keep :]
                return
            if thought := self._held[:at]:
                yield thought, True
            self._held, self._thinks = self._held[at + len(CLOSING) :].lstrip("\n"), False

    def rest(self) -> Iterator[tuple[str, bool]]:
        """What was held back, once the text has ended."""
        if self._held:
            yield self._held, self._thinks
            self._held = ""


def _overlap(text: str, mark: str) -> int:
    """How many characters at the text's end begin the mark."""
    return next((n for n in range(min(len(text), len(mark) - 1), 0, -1) if mark.startswith(text[-n:])), 0)
