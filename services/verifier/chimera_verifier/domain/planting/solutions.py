"""Solutions that end in a wrong answer."""

from chimera.sample.v1 import sample_pb2

_BOX = "\\boxed{"


def with_answer(text: str, answer: sample_pb2.Answer) -> str:
    """The text with another final answer: in its last box, or after all that is said."""
    value = rf"{answer.value}\,\mathrm{{{answer.unit}}}" if answer.unit else answer.value
    start = text.rfind(_BOX)
    end = _closing(text, start + len(_BOX)) if start >= 0 else None
    if end is None:
        return f"{text.rstrip()}\n\n{_BOX}{value}}}"
    return text[: start + len(_BOX)] + value + text[end:]


def _closing(text: str, start: int) -> int | None:
    """Where the brace closes that was opened before `start`."""
    depth = 1
    for position in range(start, len(text)):
        if text[position - 1] == "\\":
            continue
        depth += (text[position] == "{") - (text[position] == "}")
        if depth == 0:
            return position
    return None
