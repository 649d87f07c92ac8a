"""The boxes of a response, and which of them make one answer together."""

import re

from chimera_verifier.domain.markers import Mark

_BOX = re.compile(r"(?:\\{1,2}|\x08)(?:boxed|fbox|framebox)\s{0,3}(?:\{|(?=[0-9A-Za-z]))|(?<![A-Za-z\\])boxed\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"(?:\\[lc]?dots|[.…?_\s]|\\text\{ ?(?:your )?(?:final )?answer ?\}|(?:your |the )?(?:final )?answer(?: here)?"
    r"|\\text\{ ?(?:answer|option|letter) ?\})*",
    re.IGNORECASE,
)
_WEAVE = re.compile(r"[$&.,;:、，；]|\\[\[\](),;:!]|\\q?quad|\\\\|\\text(?:bf|rm)?\{([^{}]{0,40})\}|[\s*_~]+")
_BETWEEN = re.compile(
    r"(?:(?:and|or|und|oder|et|ou|y|e|o|и|или|и|и|and so|as well as|respectively|和|及|与|或|以及|と|または|와"
    r"|과|또는|و|أو"
    r"|[A-Za-zα-ωΑ-Ω](?:_?\{?\w{1,3}\}?)?'?(?:\([^()]{1,10}\))?(?:=|∈|\\in)|for part \(?[a-h1-9]\)?"
    r"|\(?[a-h1-9ivx]{1,3}\))\s*)*",
    re.IGNORECASE,
)
_OFFERED = re.compile(
    r"(?:or|and/or|oder|ou|o|или|或|或者|または|또는|أو|alternatively|maybe|perhaps|possibly)(?:\s.*)?",
    re.IGNORECASE | re.DOTALL,
)
_TAKEN_BACK = re.compile(
    r"\b(?:but|wrong|instead|wait|not|however|actually|incorrect|mistake|rather|no|correct(?:ion|ed)|oops"
    r"|should be)\b|但|错|不|しかし",
    re.IGNORECASE,
)
_NEAR_CHARS = 100  # Between boxes of one answer.
_MAX_BOXES = 200


def boxes_of(text: str) -> tuple[list[Mark], bool]:
    """All complete boxes that hold something, outermost only, and whether the last one never closes."""
    found: list[Mark] = []
    position = 0
    while match := _BOX.search(text, position):
        if not match[0].endswith("{"):
            found.append(Mark(match.start(), match.end() + 1, text[match.end()]))
            position = match.end()
            continue
        end = _closing_brace(text, match.end())
        if end is None:
            return found[-_MAX_BOXES:], True
        content = _innermost(text[match.end() : end])
        if content.strip() and not _PLACEHOLDER.fullmatch(content[:100]):
            found.append(Mark(match.start(), end + 1, content))
        position = end + 1
    return found[-_MAX_BOXES:], False


def together(boxes: list[Mark], text: str) -> list[Mark]:
    """The last boxes of one sentence, if nothing between them takes one back; the last one alone where it is a list."""
    if not boxes or _is_list(boxes[-1].content):
        return boxes[-1:]
    first = len(boxes) - 1
    while first > 0:
        gap = text[boxes[first - 1].end : boxes[first].start]
        if (
            len(gap) > _NEAR_CHARS
            or "\n\n" in gap.strip()
            or _TAKEN_BACK.search(gap)
            or _is_list(boxes[first - 1].content)
        ):
            break
        first -= 1
    return boxes[first:]


def side_by_side(boxes: list[Mark], text: str) -> bool:
    """Whether the last box is offered beside another one with other contents, with nothing but `or`, signs or names."""
    if len(boxes) < 2 or boxes[-1].content.strip() == boxes[-2].content.strip():
        return False
    gap = text[boxes[-2].end : boxes[-1].start]
    if len(gap) > _NEAR_CHARS or "\n\n" in gap.strip():
        return False
    words = " ".join(_WEAVE.sub(lambda match: f" {match[1] or ''} ", gap).split())
    return _BETWEEN.fullmatch(words) is not None or _OFFERED.fullmatch(words) is not None


def _is_list(content: str) -> bool:
    bare = content.strip().removeprefix(r"\left")
    return "," in content and not bare.startswith(("(", "[", r"\langle", r"\{", r"\lbrace"))


def _innermost(content: str) -> str:
    for _ in range(3):
        inner = _BOX.match(content.strip())
        if inner is None or not inner[0].endswith("{") or not content.strip().endswith("}"):
            break
        content = content.strip()[inner.end() : -1]
    return content


def _closing_brace(text: str, start: int) -> int | None:
    depth = 1
    for match in _BRACE.finditer(text, start):
        brace = match[0]
        depth += (brace == "{") - (brace == "}")
        if depth == 0:
            return match.start()
    return None
