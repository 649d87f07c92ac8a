"""Waiting for several things."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import SampleFailure

T = TypeVar("T")


async def all_of(*work: Awaitable[T]) -> list[T]:
    """The results in order; raises the first error, but only after all have ended: no paid call is cut short."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def to_its_end(work: Awaitable[T]) -> T:
    """The result of work that must not be left half done: a cancellation waits for its end."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def all_or_failure(
    work: Iterable[Awaitable[T]], calls_of: Callable[[T], Iterable[sample_pb2.ModelCall]]
) -> list[T]:
    """As `all_of`, for work on one sample: if any of it fails, the first SampleFailure has the calls of all of it."""
    failures: list[SampleFailure] = []

    async def caught(one: Awaitable[T]) -> list[T]:
        try:
            return [await one]
        except SampleFailure as failure:
            failures.append(failure)
            return []

    done = [result for results in await all_of(*map(caught, work)) for result in results]
    if failures:
        paid = [call for result in done for call in calls_of(result)]
        paid += [call for failure in failures for call in failure.calls]
        raise SampleFailure(failures[0].reason, failures[0].detail, paid)
    return done
