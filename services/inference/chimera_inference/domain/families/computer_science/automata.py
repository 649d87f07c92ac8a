"""Runs of deterministic finite automata over {a, b}."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Ints, Word

# A run that soon loops in one state is no exercise.
_FEWEST_STATES = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Where states 0, 1, 2, ... go on a and on b, and the word that is read."""

    on_a: Ints
    on_b: Ints
    word: Word


class Automata(Family[Run]):
    """One look-up a letter."""

    instance = Run
    wordings = (
        "A deterministic finite automaton has states numbered from 0, starts in state 0, and on letter a moves from "
        "states "
        "0, 1, 2, … to {on_a} respectively, on letter b to {on_b} respectively. It reads the word {word}. Give the "
        "tuple of "
        "states it visits, in order, starting with the initial state.",
        "Consider the DFA over the alphabet a, b with start state 0 whose transition table has the row {on_a} for a "
        "and the "
        "row {on_b} for b, the columns being the states 0, 1, 2, … in order. List, as a tuple and in order of visit, "
        "all "
        "states of the run on input {word}, including the start state.",
        "A controller with states 0, 1, 2, … begins in state 0. Signal a sends the states in order to {on_a}; signal b "
        "sends them in order to {on_b}. Trace the signal sequence {word} and write the visited states, first to last "
        "with "
        "the start included, as a tuple.",
    )

    def draw(self, rng: Random) -> Run:
        """Five or six states and a word of seven to ten letters."""
        size = rng.randint(5, 6)
        while True:
            on_a, on_b = (tuple(rng.randrange(size) for _ in range(size)) for _ in range(2))
            word = "".join(rng.choice("ab") for _ in range(rng.randint(7, 10)))
            if len(set(_visited({"a": on_a, "b": on_b}, word))) >= _FEWEST_STATES:
                return Run(on_a, on_b, word)

    def work(self, instance: Run) -> Working:
        """Follows the word letter by letter."""
        on = {"a": instance.on_a, "b": instance.on_b}
        size = len(instance.on_a)
        require(len(instance.on_b) == size and set(instance.word) <= set("ab"), "two rows of equal length")
        require(all(0 <= s < size for row in on.values() for s in row), "states of the automaton")
        states = _visited(on, instance.word)
        steps = [
            f"({here}, {letter}) → {there}"
            for letter, (here, there) in zip(instance.word, pairwise(states), strict=True)
        ]
        halves = len(steps) // 2
        visits = [f"state {s}: {states.count(s)}" for s in sorted(set(states))]
        return Working(
            answer=Answer("tuple", "(" + ", ".join(map(str, states)) + ")"),
            plan="A deterministic automaton has exactly one next state for each state and letter, so I follow the "
            "word from "
            "left to right and look each step up in the table.",
            steps=(
                f"Write the table: on a the states 0 to {size - 1} go to {', '.join(map(str, instance.on_a))}; on b "
                f"they go "
                f"to {', '.join(map(str, instance.on_b))}. The run begins in state 0.",
                f"First half of the word: {'; '.join(steps[:halves])}.",
                f"Second half: {'; '.join(steps[halves:])}.",
                f"Collected with the start state: {', '.join(map(str, states))}.",
            ),
            checks=(
                f"A word of {len(instance.word)} letters must visit {len(instance.word) + 1} states, and the list has "
                f"{len(states)} entries.",
                f"Counting visits: {', '.join(visits)}, {len(states)} in all; each consecutive pair is a row of the "
                f"table.",
            ),
        )


def _visited(on: dict[str, tuple[int, ...]], word: str) -> list[int]:
    states = [0]
    for letter in word:
        states.append(on[letter][states[-1]])
    return states
