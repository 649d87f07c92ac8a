"""Start-time fair queuing (Goyal, Vin and Cheng, 1996): waiting callers are served by their builds' weights."""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

from chimera_shared.endpoints.line import Line

T = TypeVar("T")
_SPARE_FLOWS = 64
"""Flows without a waiter that are remembered beside the waiting ones, so that leaving for a moment gains nothing."""


class _Flow(Generic[T]):
    __slots__ = ("tag", "waiting", "weight")

    def __init__(self, tag: float, weight: float) -> None:
        self.tag = tag
        self.weight = weight
        self.waiting: Line[T] = Line()


class FairQueue(Generic[T]):
    """By precedence inside a flow, as in a `Line`; between flows, turns by weight. What is queued must be hashable.

    A flow that joins late starts at the present virtual time: it gets its share from then on, and no back pay.
    """

    def __init__(self) -> None:
        self._flows: dict[str, _Flow[T]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._virtual_time = 0.0
        self._order = 0
        self._waiting = self._active = 0

    def __len__(self) -> int:
        return self._waiting

    def __iter__(self) -> Iterator[T]:
        """All that wait, in no particular order."""
        return (item for flow in self._flows.values() for item in flow.waiting)

    def push(self, name: str, weight: float, item: T, precedence: int = 0) -> None:
        """Queue behind the flow's others of this precedence; its newest weight holds for all of them."""
        flow = self._flows.get(name)
        if flow is None:
            flow = self._flows[name] = _Flow(self._virtual_time, weight)
            self._into_heap(name, flow.tag)
        flow.weight = weight
        self._active += not flow.waiting
        flow.waiting.push(item, precedence)
        self._waiting += 1

    def head(self) -> T | None:
        """Whose turn it is."""
        if not self._waiting:
            return None
        while not (flow := self._flows[self._heap[0][2]]).waiting:
            del self._flows[heapq.heappop(self._heap)[2]]
        return flow.waiting.head()

    def pop(self) -> T:
        """Serve whoever is at the head, and charge the flow for it."""
        if self.head() is None:
            raise IndexError("nobody waits")
        tag, _, name = heapq.heappop(self._heap)
        flow = self._flows[name]
        self._virtual_time = tag
        flow.tag = tag + 1 / flow.weight
        self._into_heap(name, flow.tag)
        item = flow.waiting.pop()
        self._left(flow)
        return item

    def discard(self, name: str, item: T) -> bool:
        """Take somebody out who no longer waits, free of charge; False if it was not queued."""
        flow = self._flows.get(name)
        if flow is None or not flow.waiting.discard(item):
            return False
        self._left(flow)
        return True

    def _left(self, flow: _Flow[T]) -> None:
        self._waiting -= 1
        self._active -= not flow.waiting
        if len(self._flows) > 2 * self._active + _SPARE_FLOWS:
            self._flows = {name: flow for name, flow in self._flows.items() if flow.waiting}
            self._heap = [entry for entry in self._heap if entry[2] in self._flows]
            heapq.heapify(self._heap)

    def _into_heap(self, name: str, tag: float) -> None:
        self._order += 1
        heapq.heappush(self._heap, (tag, self._order, name))
