"""Shortest paths in weighted directed graphs."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from ...answers import number
from ...family import Family, Working, require
from ...notation import Edges, Word


@dataclass(frozen=True, slots=True)
class Network:
    """Directed edges with positive weights, and where to go from where."""

    edges: Edges
    source: Word
    target: Word


class ShortestPaths(Family[Network]):
    """Dijkstra's algorithm with every settled node written down."""

    instance = Network
    wordings = (
        "A directed graph has the edges {edges}, where X-Y (w) is an edge from X to Y of weight w. What is the "
        "length of a "
        "shortest path from {source} to {target}?",
        "Packets travel through a network of one-way links {edges}; X-Y (w) means a link from X to Y with a latency "
        "of w "
        "milliseconds. What is the smallest total latency, in milliseconds, from {source} to {target}?",
        "One-way roads join depots as follows: {edges}. Here X-Y (w) stands for a road from X to Y that takes w "
        "minutes. How "
        "many minutes does the fastest trip from {source} to {target} take?",
        "Run Dijkstra's algorithm from node {source} on the weighted digraph with arcs {edges} (tail-head, weight in "
        "brackets). With which distance is node {target} settled?",
    )

    def draw(self, rng: Random) -> Network:
        """Seven nodes; a long path that is seldom the best, and random arcs."""
        nodes = list("ABCDEFGHJKLMNPQR"[: rng.randint(6, 8)])
        order = nodes[:1] + rng.sample(nodes[1:], len(nodes) - 1)
        arcs = {(a, b): rng.randint(2, 9) for a, b in pairwise(order)}
        while len(arcs) < len(nodes) + 6:
            a, b = rng.sample(nodes, 2)
            arcs.setdefault((a, b), rng.randint(3, 25))
        edges = [(a, b, w) for (a, b), w in arcs.items()]
        rng.shuffle(edges)
        return Network(tuple(edges), order[0], order[-1])

    def work(self, instance: Network) -> Working:
        """Settles the nearest node, relaxes its edges, and so on."""
        require(instance.source != instance.target, "two different ends")
        require(len({(a, b) for a, b, _ in instance.edges}) == len(instance.edges), "no parallel edges")
        distance, before = {instance.source: 0}, {}
        settled: list[str] = []
        steps = []
        while open_nodes := sorted(distance.keys() - set(settled), key=lambda n: (distance[n], n)):
            here = open_nodes[0]
            settled.append(here)
            if here == instance.target:
                break
            better = []
            for tail, head, weight in instance.edges:
                if tail == here and distance[here] + weight < distance.get(head, 1 << 60):
                    distance[head], before[head] = distance[here] + weight, here
                    better.append(f"{head} = {distance[head]}")
            found = f"its edges improve {', '.join(better)}" if better else "its edges improve nothing"
            steps.append(f"Settle {here} at distance {distance[here]}; {found}.")
        require(instance.target in settled, "a path to the target")
        path = [instance.target]
        while path[-1] != instance.source:
            path.append(before[path[-1]])
        path.reverse()
        weights = {(a, b): w for a, b, w in instance.edges}
        hops = [weights[a, b] for a, b in pairwise(path)]
        answer = distance[instance.target]
        direct = weights.get((instance.source, instance.target))
        return Working(
            answer=number(answer),
            plan="All weights are positive, so Dijkstra's algorithm applies: settle the nearest open node, relax its "
            "outgoing edges, and repeat until the target is settled.",
            steps=(
                *steps,
                f"Settle {instance.target} at distance {answer}. Following predecessors back gives {' → '.join(path)}.",
            ),
            checks=(
                f"Adding the weights along {' → '.join(path)}: {' + '.join(map(str, hops))} = {sum(hops)}.",
                "The settled distances never decrease ("
                + ", ".join(f"{node} {distance[node]}" for node in settled)
                + "), as they must with positive weights"
                + (f"; the direct edge would cost {direct}." if direct is not None else "; there is no direct edge."),
            ),
        )
