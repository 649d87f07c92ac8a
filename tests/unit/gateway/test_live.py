import asyncio

from chimera.build.v1 import build_pb2
from chimera_gateway.live import Live
from chimera_shared.endpoints.book import Amount, Book


class Books:
    """Every build has a book; each look waits until it is let go on."""

    def __init__(self):
        self.looks = []

    async def find_many(self, names):
        self.looks.append(asyncio.Event())
        await self.looks[-1].wait()
        return {name: Book(name, version=1, spent=Amount(calls=1)) for name in names}


async def test_a_look_that_drops_what_is_stale_takes_nothing_from_a_look_under_way():
    now, books = 0.0, Books()
    live = Live(books, None, lambda: now)

    async def begin(*names):
        listing = asyncio.create_task(live.listed([build_pb2.Build(build_id=name) for name in names]))
        await asyncio.sleep(0)
        return listing

    first = await begin("x")
    books.looks[0].set()
    await first
    now = 0.9
    both = await begin("x", "y")
    now = 1.5
    again = await begin("x")
    for look in books.looks:
        look.set()

    shown = [build.progress.spending.spent.calls for listing in (both, again) for build in await listing]
    assert shown == [1, 1, 1]
