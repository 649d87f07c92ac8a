"""Absolute dates from a king list with regnal years."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Ints, Words, one_of

_KINGS = (
    "Arvandes", "Belisur", "Corantes", "Daruk", "Esarhan", "Ferides", "Gandash", "Hormis", "Iluma", "Kashtil", "Labash",
    "Merodan", "Nabonal", "Ozias", "Pakor", "Rimush", "Sharrum", "Tiglan", "Ulamur", "Varhan", "Yazdin", "Zariku",
)  # fmt: skip
_ORDINALS = (
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)


@dataclass(frozen=True, slots=True)
class KingList:
    """Kings and lengths of their reigns; an eclipse fixes one regnal year; an event is dated by another king's."""

    kings: Words
    lengths: Ints
    anchor: Annotated[str, one_of(_ORDINALS)]
    anchor_king: Annotated[str, one_of(_KINGS)]
    anchor_year: Int
    event: Annotated[str, one_of(_ORDINALS)]
    event_king: Annotated[str, one_of(_KINGS)]


class Reigns(Family[KingList]):
    """Accession-year dating: a reign's first year is the calendar year after its predecessor's last."""

    instance = KingList
    wordings = (
        "A (fictional) king list names {kings}, who reigned in this order for {lengths} full calendar years "
        "respectively, each first "
        "regnal year following directly on the predecessor's last. An eclipse dates the {anchor} regnal year of "
        "{anchor_king} to "
        "{anchor_year} BCE. In which year BCE did the {event} regnal year of {event_king} fall? Give the number of "
        "the year.",
        "The invented dynasty {kings} ruled consecutively, with reigns of {lengths} whole years in that order and no "
        "gaps or overlaps. If "
        "year {anchor_year} BCE was the {anchor} year of {anchor_king}, which year BCE (as a number) was the {event} "
        "year of "
        "{event_king}?",
        "In an imaginary chronicle the rulers {kings} follow one another without interregnum; their reigns last "
        "{lengths} complete years "
        "respectively. The {anchor} year of {anchor_king} is astronomically fixed at {anchor_year} BCE. Convert the "
        "{event} year of "
        "{event_king} into a year BCE and give its number.",
    )

    def draw(self, rng: Random) -> KingList:
        """Five to seven kings of three to thirty years; anchor and event belong to different kings."""
        kings = tuple(rng.sample(_KINGS, rng.randint(5, 7)))
        lengths = tuple(rng.randint(3, 30) for _ in kings)
        i, j = rng.sample(range(len(kings)), 2)
        years = [rng.randint(2, min(lengths[k], len(_ORDINALS) + 1)) for k in (i, j)]
        anchor, event = (_ORDINALS[year - 2] for year in years)
        return KingList(kings, lengths, anchor, kings[i], rng.randint(420, 1400), event, kings[j])

    def work(self, instance: KingList) -> Working:
        """Counts both years from the beginning of the dynasty; BCE years count down."""
        kings, lengths = instance.kings, instance.lengths
        require(len(kings) == len(lengths) == len(set(kings)) and min(lengths) > 0, "one length for each king")
        i, j = kings.index(instance.anchor_king), kings.index(instance.event_king)
        a, e = _ORDINALS.index(instance.anchor) + 2, _ORDINALS.index(instance.event) + 2
        require(i != j and a <= lengths[i] and e <= lengths[j], "regnal years within the reigns of two kings")
        anchor, event = sum(lengths[:i]) + a, sum(lengths[:j]) + e
        year = instance.anchor_year - (event - anchor)
        require(year > 0, "a year BCE")
        first = instance.anchor_year + anchor - 1
        starts = [first - sum(lengths[:k]) for k in range(len(kings))]
        table = ", ".join(f"{king} {start} BCE" for king, start in zip(kings, starts, strict=True))
        return Working(
            answer=number(year),
            plan="I number the years of the whole dynasty from its beginning, place the anchored year and the wanted "
            "year on that "
            "scale, and transfer their distance to the years BCE, which count downwards.",
            steps=(
                f"Before {instance.anchor_king} the dynasty lasted {_sum(lengths[:i])} years, so his "
                f"{instance.anchor} year is its year "
                f"{anchor}.",
                f"Before {instance.event_king} it lasted {_sum(lengths[:j])} years, so his {instance.event} year is "
                f"its year {event}.",
                f"The wanted year is {abs(event - anchor)} years {'later' if event > anchor else 'earlier'} than the "
                f"anchored one.",
                f"Later years have smaller numbers BCE: {instance.anchor_year} - ({event - anchor}) = {year}.",
            ),
            checks=(
                f"The first regnal years come out as {table}. The {instance.event} year of {instance.event_king} is "
                f"{e - 1} after his "
                f"first: {starts[j]} - {e - 1} = {starts[j] - e + 1}.",
                f"The {instance.anchor} year of {instance.anchor_king} by the same table is {starts[i]} - {a - 1} = "
                f"{starts[i] - a + 1} BCE, the given date.",
            ),
        )


def _sum(lengths: tuple[int, ...]) -> str:
    return f"{' + '.join(map(str, lengths))} = {sum(lengths)}" if len(lengths) > 1 else str(sum(lengths))
