"""0/1 knapsack by dynamic programming."""

from dataclasses import dataclass
from random import Random

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Ints


@dataclass(frozen=True, slots=True)
class Knapsack:
    """Weights and values of the items, in the same order, and the capacity."""

    weights: Ints
    values: Ints
    capacity: Int


class Knapsacks(Family[Knapsack]):
    """Best value for every capacity, item by item; the check is by subsets."""

    instance = Knapsack
    wordings = (
        "In a 0/1 knapsack problem the items have weights {weights} and values {values}, in the same order. The "
        "knapsack "
        "holds a total weight of at most {capacity}. What is the greatest total value that can be packed?",
        "A scheduler may run each of several jobs at most once. They need {weights} hours and earn {values} credits, "
        "respectively. With {capacity} hours available, what is the maximum number of credits?",
        "A cache of {capacity} megabytes may keep any subset of objects of {weights} megabytes, which save {values} "
        "milliseconds respectively if kept. What is the largest total saving in milliseconds?",
    )

    def draw(self, rng: Random) -> Knapsack:
        """Five or six items, of which each fits and about half fit together."""
        count = rng.randint(5, 6)
        weights = tuple(rng.randint(2, 13) for _ in range(count))
        values = tuple(weight * 3 + rng.randint(-4, 14) for weight in weights)
        return Knapsack(weights, values, max(*weights, sum(weights) * rng.randint(40, 65) // 100))

    def work(self, instance: Knapsack) -> Working:
        """The recurrence, told at the full capacity; then the packed items by going back."""
        weights, values, capacity = instance.weights, instance.values, instance.capacity
        require(len(weights) == len(values) <= 12 and min(weights) > 0, "as many values as weights")
        require(max(weights) <= capacity <= 500 and min(values) >= 0, "a capacity that holds any single item")
        rows = [[0] * (capacity + 1)]
        for weight, value in zip(weights, values, strict=True):
            old = rows[-1]
            rows.append([max(old[c], old[c - weight] + value if c >= weight else 0) for c in range(capacity + 1)])
        packed, room = [], capacity
        for i in range(len(weights), 0, -1):
            if rows[i][room] != rows[i - 1][room]:
                packed.append(i)
                room -= weights[i - 1]
        packed.reverse()
        best, used = rows[-1][capacity], capacity - room
        density = sorted(range(len(weights)), key=lambda i: -values[i] / weights[i])
        greedy, left = 0, capacity
        for i in density:
            if weights[i] <= left:
                greedy, left = greedy + values[i], left - weights[i]
        steps = [
            f"Item {i} (weight {weights[i - 1]}, value {values[i - 1]}): best(c) = max(best(c), best(c - "
            f"{weights[i - 1]}) + {values[i - 1]}). At capacity {capacity} this is max({rows[i - 1][capacity]}, "
            f"{rows[i - 1][capacity - weights[i - 1]]} + {values[i - 1]}) = {rows[i][capacity]}."
            for i in range(1, len(weights) + 1)
        ]
        return Working(
            answer=number(best),
            plan="Each item is taken whole or not at all, so I use dynamic programming: best(c) is the greatest "
            "value within "
            "capacity c, updated item by item for every c from the capacity downwards.",
            steps=(*steps, f"Going back through the table, the items packed are {', '.join(map(str, packed))}."),
            checks=(
                f"These items weigh {' + '.join(str(weights[i - 1]) for i in packed)} = {used}, within {capacity}, "
                f"and are "
                f"worth {' + '.join(str(values[i - 1]) for i in packed)} = {sum(values[i - 1] for i in packed)}.",
                f"Packing greedily by value per weight would reach {greedy}, which is not more, as an optimum "
                f"requires.",
            ),
        )
