"""Which names a model gave are kept as fields and topics."""

import re
import unicodedata
from collections.abc import Iterable

_MAX_CHARS = 160
_NOT_WORD = re.compile(r"[^\w]+")
_STOP_WORDS = frozenset({"a", "an", "the", "of", "in", "and", "to", "for", "on"})
_CATCH_ALL = re.compile(
    r"^(misc|miscellaneous|various|others?)(?![\w-])|\b(misc|miscellaneous|etc|in general|and others?)\.?$"
    r"|^general($| (topic|concept|principle|idea|theme|subject|area|issue|question|problem|method|background)s?\b)"
    r"|(^(an? )?(introduction|overview|basics|fundamentals|survey)\b( of| to|$))|^foundations$"
    r"|\b(emerging|future|new|recent|current|modern|open) (direction|trend|topic|area|development|problem)s?\b"
    r"|\b(advanced|special|selected|related|additional|further|interdisciplinary) (topic|area|subject|theme)s?\b"
)
_TOO_BROAD = frozenset(
    {
        *("algebra", "analysis", "geometry", "calculus", "statistics", "probability", "topology", "mechanics"),
        *("optics", "thermodynamics", "algorithms", "programming", "software", "hardware", "genetics", "ecology"),
        *("evolution", "poetry", "prose", "drama", "fiction", "syntax", "semantics", "phonology", "morphology"),
    }
)
"""One-word names of whole disciplines, under which anything would fit."""


def normal_form(name: str) -> str:
    """What two spellings of one name share: case, accents, punctuation, articles and plural endings apart."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = _NOT_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).split()
    return " ".join(_singular(word) for word in words if word not in _STOP_WORDS)


def kept(names: Iterable[str], taken: Iterable[str], *, broad_ok: bool) -> list[str]:
    """Names in their order, without repeats, catch-alls and anything whose normal form is in `taken`."""
    seen = {normal_form(name) for name in taken}
    found = []
    for raw in names:
        name = " ".join(raw.split())
        form = normal_form(name)
        if form in seen or refused(name, broad_ok=broad_ok):
            continue
        seen.add(form)
        found.append(name)
    return found


def refused(name: str, *, broad_ok: bool) -> bool:
    """Whether a name is empty, overlong, unprintable or a catch-all. `broad_ok` admits the name of a discipline."""
    form = normal_form(name)
    if not form or len(name) > _MAX_CHARS or not name.isprintable():
        return True
    plain = name.casefold().strip()
    if _CATCH_ALL.search(plain):
        return True
    return not broad_ok and plain in _TOO_BROAD


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
