"""Waiting for several things."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def all_of(*work: Awaitable[T]) -> list[T]:
    """The results in order; raises the first error, but only after all have ended: no paid call is cut short."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
