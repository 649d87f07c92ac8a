"""A build's book: what it consumed and what each process may still consume. One document a build, in one collection.

Every change is compare-and-set on `version` with absolute figures, so a write whose acknowledgement was lost is only
done again. A holder's `cap` is all that it was ever allowed: what it consumed, what it has under way and what it has
left. The caps of all holders never exceed the limit together, whoever is killed when.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Self

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.mongo import Collection, Document, FirstWins, guarded


@dataclass(frozen=True, slots=True)
class Amount:
    """What calls consumed, or consume at most."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanousd: int = 0

    @classmethod
    def of(cls, usage: sample_pb2.Usage) -> Self:
        """The same of a message."""
        return cls(usage.calls, usage.input_tokens, usage.output_tokens, usage.cost_nanousd)

    @property
    def usage(self) -> sample_pb2.Usage:
        """The same as a message; what is below zero, as by a call that took more than it could, is zero."""
        return sample_pb2.Usage(**{name: max(0, value) for name, value in asdict(self).items()})

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_nanousd + other.cost_nanousd,
        )

    def __sub__(self, other: "Amount") -> "Amount":
        return self + other.times(-1)

    def times(self, n: int) -> "Amount":
        """So many times as much."""
        return Amount(self.calls * n, self.input_tokens * n, self.output_tokens * n, self.cost_nanousd * n)

    def least(self, other: "Amount") -> "Amount":
        """The smaller of each."""
        return Amount(
            min(self.calls, other.calls),
            min(self.input_tokens, other.input_tokens),
            min(self.output_tokens, other.output_tokens),
            min(self.cost_nanousd, other.cost_nanousd),
        )


NOTHING = Amount()


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum."""
    found = NOTHING
    for amount in amounts:
        found += amount
    return found


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be consumed at most; 0 means no limit."""

    nanousd: int = 0
    tokens: int = 0
    calls: int = 0

    @classmethod
    def of(cls, budget: build_pb2.Budget) -> Self:
        """The limit of a budget; its time is not consumed by calls."""
        return cls(budget.cost_nanousd, budget.tokens, budget.calls)

    def __bool__(self) -> bool:
        return bool(self.nanousd or self.tokens or self.calls)

    def allows(self, used: Amount) -> bool:
        """Whether so much may be consumed."""
        return (
            (not self.nanousd or used.cost_nanousd <= self.nanousd)
            and (not self.tokens or used.input_tokens + used.output_tokens <= self.tokens)
            and (not self.calls or used.calls <= self.calls)
        )

    def covered(self, used: Amount, cap: Amount) -> bool:
        """Whether an allowance covers so much, in what is limited."""
        return (
            (not self.nanousd or used.cost_nanousd <= cap.cost_nanousd)
            and (not self.tokens or used.input_tokens + used.output_tokens <= cap.input_tokens + cap.output_tokens)
            and (not self.calls or used.calls <= cap.calls)
        )

    def share(self, used: Amount, parts: int) -> "Limit":
        """One part of what is left; at least one of each, since 0 would be no limit."""
        tokens = used.input_tokens + used.output_tokens
        return Limit(
            nanousd=self.nanousd and max(1, (self.nanousd - used.cost_nanousd) // parts),
            tokens=self.tokens and max(1, (self.tokens - tokens) // parts),
            calls=self.calls and max(1, (self.calls - used.calls) // parts),
        )

    def refusal(self, used: Amount, most: Amount) -> str:
        """Why a call that may take `most` is not made after `used`, in one sentence."""
        if self.nanousd and used.cost_nanousd + most.cost_nanousd > self.nanousd:
            of, were = _dollars(self.nanousd), f"{_dollars(used.cost_nanousd)} were used"
            return f"the budget of {of} is spent: {were} and the next call may cost {_dollars(most.cost_nanousd)}"
        tokens, next_tokens = used.input_tokens + used.output_tokens, most.input_tokens + most.output_tokens
        if self.tokens and tokens + next_tokens > self.tokens:
            were = f"{tokens:,} were used and the next call may take {next_tokens:,}"
            return f"the budget of {self.tokens:,} tokens is spent: {were}"
        return f"the budget of {self.calls:,} model calls is spent: {used.calls:,} were made"


def _dollars(nanousd: int) -> str:
    """To the cent where that says enough, else to the last digit."""
    cents = f"{nanousd / 1e9:,.2f}"
    return f"${cents}" if nanousd % 10_000_000 == 0 else "$" + f"{nanousd / 1e9:,.9f}".rstrip("0")


@dataclass(frozen=True, slots=True)
class Holder:
    """One process's part. `epoch` is one run of it; `beat` grows with each of its writes."""

    name: str
    epoch: str
    beat: int = 0
    cap: Amount = NOTHING
    spent: Amount = NOTHING
    lost: Amount = NOTHING
    reserved: Amount = NOTHING
    waits: bool = False
    """Whether it has calls that wait for what others hold."""

    @property
    def holds(self) -> bool:
        """Whether calls may be under way."""
        held = self.cap - self.spent - self.lost
        return max(held.calls, held.input_tokens + held.output_tokens, held.cost_nanousd) > 0


@dataclass(slots=True)
class Book:
    """The whole book of a build; `spent` and `lost` are those of holders that are gone."""

    build_id: str
    version: int = 0
    spent: Amount = NOTHING
    lost: Amount = NOTHING
    holders: dict[str, Holder] = field(default_factory=dict)
    refused: str = ""
    """Why no further call is made."""

    @property
    def committed(self) -> Amount:
        """All that was consumed, and that the holders may still consume."""
        return self.spent + self.lost + total(h.cap for h in self.holders.values())

    @property
    def consumed(self) -> Amount:
        """What cannot come back."""
        return self.spent + self.lost + total(h.spent + h.lost for h in self.holders.values())

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return not any(holder.holds for holder in self.holders.values())

    @property
    def spending(self) -> build_pb2.Spending:
        """As it is shown."""
        holders = self.holders.values()
        return build_pb2.Spending(
            spent=(self.spent + total(h.spent for h in holders)).usage,
            reserved=total(h.reserved for h in holders).usage,
            unaccounted=(self.lost + total(h.lost for h in holders)).usage,
        )

    def retire(self, name: str) -> None:
        """A holder is gone: what it may have paid for counts as lost."""
        gone = self.holders.pop(name)
        self.spent += gone.spent
        self.lost += gone.cap - gone.spent

    def to_document(self) -> Document:
        """As the store keeps it."""
        return {
            "_id": self.build_id,
            "version": self.version,
            "spent": asdict(self.spent),
            "lost": asdict(self.lost),
            "holders": [asdict(holder) for holder in self.holders.values()],
            "refused": self.refused,
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The inverse."""
        return cls(
            build_id=document["_id"],
            version=document["version"],
            spent=Amount(**document["spent"]),
            lost=Amount(**document["lost"]),
            holders={h["name"]: _holder(h) for h in document["holders"]},
            refused=document["refused"],
        )


def _holder(document: Document) -> Holder:
    amounts = {name: Amount(**document[name]) for name in ("cap", "spent", "lost", "reserved")}
    return Holder(document["name"], document["epoch"], document["beat"], **amounts, waits=document["waits"])


class Books:
    """The collection of all books, which only this class touches."""

    def __init__(self, budgets: Collection[Document]) -> None:
        self._budgets = budgets
        self._insert = FirstWins(budgets).insert

    async def find(self, build_id: str) -> Book:
        """A build's book; an empty one if there is none."""
        with guarded():
            found = await self._budgets.find_one({"_id": build_id})
        return Book(build_id) if found is None else Book.from_document(found)

    async def find_many(self, build_ids: list[str]) -> dict[str, Book]:
        """The books that there are."""
        with guarded():
            return {d["_id"]: Book.from_document(d) async for d in self._budgets.find({"_id": {"$in": build_ids}})}

    async def held_by(self, name: str) -> list[Book]:
        """The books in which a holder stands. Reads the whole collection: a small document for each build."""
        with guarded():
            return [Book.from_document(d) async for d in self._budgets.find({"holders.name": name})]

    async def swap(self, book: Book) -> bool:
        """Store a changed book; False if it has changed since it was read, or if an earlier try succeeded unheard."""
        changed = replace(book, version=book.version + 1).to_document()
        if not book.version:
            return await self._insert(changed)
        with guarded():
            won = await self._budgets.update_one({"_id": book.build_id, "version": book.version}, {"$set": changed})
        return bool(won.modified_count)


class Vigil:
    """Finds holders that are gone: those that stood still while somebody looked, for long enough.

    One that holds nothing may stand still for as long as it likes: it has nothing to tell, and owes nothing.
    """

    _GONE_SECONDS = 120
    """A live holder that has calls under way writes at least every `BEAT_SECONDS`."""
    _LONGEST_LOOK_SECONDS = 5
    """A longer gap between two looks says nothing of the holder: the store was away, or this machine slept."""

    def __init__(self) -> None:
        self._still: dict[str, tuple[tuple[str, int], float, float]] = {}

    def gone(self, book: Book, now: float) -> list[str]:
        """Holders in this book that stand still for too long; `now` is in seconds of a clock that never goes back."""
        still = {}
        for name, holder in book.holders.items():
            beat = (holder.epoch, holder.beat)
            before, stood_s, looked = self._still.get(name, (beat, 0.0, now))
            stood_s = stood_s + min(now - looked, self._LONGEST_LOOK_SECONDS) if before == beat else 0.0
            still[name] = (beat, stood_s, now)
        self._still = still
        late = [name for name, (_, stood_s, _) in still.items() if stood_s >= self._GONE_SECONDS]
        return [name for name in late if book.holders[name].holds or book.holders[name].waits]


BEAT_SECONDS = 20
