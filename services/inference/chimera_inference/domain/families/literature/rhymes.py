"""Which lines of a long poem in a fixed form rhyme with a given one."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Int, one_of

_LARGEST_POEM = 200  # stanzas


def _fresh(scheme: str) -> Callable[[int], list[tuple[int, str]]]:
    return lambda stanza: [(stanza, letter) for letter in scheme]


def _interlocked(scheme: str) -> Callable[[int], list[tuple[int, str]]]:
    """The letter B of one stanza is the letter A of the next."""
    return lambda stanza: [(stanza + (letter == "B"), "") for letter in scheme]


_FORMS = {
    "terza rima tercets (ABA BCB CDC and so on)": ("ABA", _interlocked("ABA")),
    "interlocking rubaiyat quatrains (AABA BBCB CCDC and so on)": ("AABA", _interlocked("AABA")),
    "ottava rima stanzas (ABABABCC, with new rhymes in each stanza)": ("ABABABCC", _fresh("ABABABCC")),
    "Spenserian stanzas (ABABBCBCC, with new rhymes in each stanza)": ("ABABBCBCC", _fresh("ABABBCBCC")),
    "rhyme royal stanzas (ABABBCC, with new rhymes in each stanza)": ("ABABBCC", _fresh("ABABBCC")),
    "Burns stanzas (AAABAB, with new rhymes in each stanza)": ("AAABAB", _fresh("AAABAB")),
    "Onegin stanzas (ABABCCDDEFFEGG, with new rhymes in each stanza)": ("ABABCCDDEFFEGG", _fresh("ABABCCDDEFFEGG")),
    "Petrarchan sonnets (ABBAABBACDECDE, with new rhymes in each sonnet)": ("ABBAABBACDECDE", _fresh("ABBAABBACDECDE")),
    "English sonnets (ABABCDCDEFEFGG, with new rhymes in each sonnet)": ("ABABCDCDEFEFGG", _fresh("ABABCDCDEFEFGG")),
}


@dataclass(frozen=True, slots=True)
class Poem:
    """A form, how many stanzas, and the line asked about, counted from 1 through the whole poem."""

    form: Annotated[str, one_of(tuple(_FORMS))]
    stanzas: Int
    line: Int


class Rhymes(Family[Poem]):
    """Find the stanza and place of the line, then its partners."""

    instance = Poem
    wordings = (
        "A poem consists of exactly {stanzas} {form} and nothing else. Its lines are numbered consecutively from 1 "
        "through the "
        "whole poem. Give the set of the numbers of all other lines that rhyme with line {line}.",
        "An editor numbers the lines of a work made of {stanzas} {form}, from 1 to the end without restarting. By "
        "the rhyme "
        "scheme alone, which other lines must rhyme with line {line}? Answer with the set of their numbers.",
        "Suppose a poet completes {stanzas} {form} as one continuous poem, with lines counted from 1. Determine the "
        "set of line "
        "numbers, other than {line} itself, that share the rhyme of line {line}.",
    )

    def draw(self, rng: Random) -> Poem:
        """A line that has a partner."""
        while True:
            form, stanzas = rng.choice(list(_FORMS)), rng.randint(4, 60)
            poem = Poem(form, stanzas, rng.randint(1, stanzas * len(_FORMS[form][0])))
            if _partners(poem):
                return poem

    def work(self, instance: Poem) -> Working:
        """Lists the rhyme of every line near the one asked about."""
        scheme, _ = _FORMS[instance.form]
        size = len(scheme)
        require(1 <= instance.stanzas <= _LARGEST_POEM, "a poem of at most two hundred stanzas")
        require(1 <= instance.line <= instance.stanzas * size, "a line of the poem")
        partners = _partners(instance)
        require(bool(partners), "a line with partners")
        stanza, place = divmod(instance.line - 1, size)
        first = stanza * size + 1
        where = [f"line {n} is line {(n - 1) % size + 1} of stanza {(n - 1) // size + 1}" for n in partners]
        return Working(
            answer=Answer("set", "{" + ", ".join(map(str, partners)) + "}"),
            plan="The scheme repeats with the stanza, so I locate the line by division with remainder and then "
            "collect the lines "
            "with the same rhyme, in this stanza and, where rhymes run on, in its neighbours.",
            steps=(
                f"Each stanza has {size} lines, and {instance.line} - 1 = {stanza}·{size} + {place}. So line "
                f"{instance.line} is "
                f"line {place + 1} of stanza {stanza + 1}, which covers lines {first} to {first + size - 1}.",
                f"In the scheme {scheme} this place carries the letter {scheme[place]}.",
                f"The other places with the same rhyme are: {'; '.join(where)}.",
            ),
            checks=(
                f"The poem has {instance.stanzas}·{size} = {instance.stanzas * size} lines, so all the numbers found "
                f"exist.",
                f"The letter {scheme[place]} occurs {scheme.count(scheme[place])} times in the scheme of one stanza; "
                f"together with line {instance.line} the rhyme has {len(partners) + 1} members"
                + (
                    ", some of them in a neighbouring stanza."
                    if len(partners) + 1 > scheme.count(scheme[place])
                    else "."
                ),
            ),
        )


def _partners(poem: Poem) -> list[int]:
    scheme, rhymes = _FORMS[poem.form]
    size, stanza = len(scheme), (poem.line - 1) // len(scheme)
    near = range(max(stanza - 1, 0), min(stanza + 2, poem.stanzas))
    by_line = {s * size + i + 1: rhyme for s in near for i, rhyme in enumerate(rhymes(s))}
    return [n for n, rhyme in by_line.items() if rhyme == by_line[poem.line] and n != poem.line]
