"""What a model says, apart from what it thinks and from the marks of its chat format."""

import re

_THOUGHT = re.compile(
    r"<(?P<close>/?)(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think)>"
    r"|<\|(?P<mark>begin|end)_of_thought\|>|(?P<open>\[THINK\]|◁think▷)|(?P<shut>\[/THINK\]|◁/think▷)",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<\|channel\|>\s{0,4}(analysis|commentary|final)[^<]{0,40}<\|message\|>")
_STOP = re.compile(
    r"<\|(?:im_end|im_start|eot_id|eom_id|endoftext|end_of_text|return|end|start_header_id|user|start)\|>"
    r"|<(?:end_of_turn|start_of_turn)>|</s>|<\uff5c(?:end\u2581of\u2581sentence|User)\uff5c>"
)


def spoken(response: str) -> tuple[str, bool]:
    """The text outside of thoughts up to the first mark that ends the turn, and whether a thought was left open."""
    channels = list(_CHANNEL.finditer(response))
    if channels:
        if channels[-1][1] != "final":
            return "", True
        response = response[channels[-1].end() :]
    text, is_open = _without_thought(response)
    return _first_turn(text), is_open


def _without_thought(response: str) -> tuple[str, bool]:
    start, is_open = 0, False
    pieces: list[str] = []
    for match in _THOUGHT.finditer(response):
        closing = match["close"] == "/" or match["mark"] == "end" or bool(match["shut"])
        if closing:  # What stands before a closing mark is thought, even where the opening mark is missing.
            pieces = pieces if is_open else []
        elif not is_open:
            pieces.append(response[start : match.start()])
        start, is_open = match.end(), not closing
    if not is_open:
        pieces.append(response[start:])
    return "".join(pieces), is_open


def _first_turn(text: str) -> str:
    start = 0
    for match in _STOP.finditer(text):
        if text[start : match.start()].strip():
            return text[start : match.start()]
        start = match.end()
    return text[start:]
