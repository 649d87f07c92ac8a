"""Dead letters at a real store, and what the gateway does with them."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from chimera.deadletter.v1 import dead_letter_service_pb2 as service
from chimera_gateway.dead_letters import DeadLetterServicer
from chimera_shared import dead_letters
from chimera_shared.dead_letters import DeadLetters, Letterbox
from chimera_shared.errors import BusUnavailable, ChimeraError, InvalidInput, NotFound, StoreUnavailable
from chimera_shared.stage import NoRoom, Received, Refused

pytestmark = pytest.mark.integration
HOSTILE = bytes(range(256))


class Bus:
    """Remembers what was sent; fails for the topics it is told."""

    def __init__(self) -> None:
        self.sent, self.away, self.fail_after = [], set(), None

    async def send_raw(self, topic, key, value, headers):
        if topic in self.away:
            raise BusUnavailable("Kafka is away")
        self.sent.append((topic, key, value, list(headers)))


class Office:
    """Services that keep letters, and the gateway; another one over the same store is its restart."""

    def __init__(self, database, bound=1_000) -> None:
        self.letters, self.bus = database["dead_letters"], Bus()
        self.kept = DeadLetters(self.letters, "verifier", bound)
        self.box = Letterbox(self.letters, bound)
        self.gateway = DeadLetterServicer(self.box, self.bus)

    async def list(self, **request):
        return await self.gateway.ListDeadLetters(service.ListDeadLettersRequest(**request), None)

    async def names(self, **request):
        return [letter.dead_letter_id for letter in (await self.list(**request)).dead_letters]

    async def get(self, name):
        return await self.gateway.GetDeadLetter(service.GetDeadLetterRequest(dead_letter_id=name), None)

    async def replay(self, *names, stage=""):
        request = service.ReplayDeadLettersRequest(dead_letter_ids=names, stage=stage)
        return list((await self.gateway.ReplayDeadLetters(request, None)).dead_letter_ids)

    async def discard(self, *names, stage=""):
        request = service.DiscardDeadLettersRequest(dead_letter_ids=names, stage=stage)
        return list((await self.gateway.DiscardDeadLetters(request, None)).dead_letter_ids)


@pytest.fixture
def office(database) -> Office:
    return Office(database)


def refused(offset=0, *, stage="grade", topic="t", key=b"k", value=b"v", headers=(("h", b"x"),)) -> Refused:
    message = Received(key, value, {}, list(headers), 3, offset, 1_700_000_000_000 + offset)
    return Refused(stage, topic, message, "not to be used")


async def test_a_letter_holds_what_the_message_held(office):
    headers = [("same", HOSTILE), ("same", b""), ("none", None), ("", b"nameless")]
    await office.kept.keep(refused(key=HOSTILE, value=HOSTILE, headers=headers))

    page = await office.list()
    [listed] = page.dead_letters
    assert (listed.service, listed.stage, listed.topic) == ("verifier", "grade", "t")
    assert listed.cause == "not to be used"
    assert listed.key == HOSTILE[: dead_letters.KEY_BYTES_IN_LISTS]
    assert not listed.HasField("value")
    assert listed.create_time.seconds > 0
    assert [(room.service, room.stage, room.letters, room.bound) for room in page.stages] == [
        ("verifier", "grade", 1, 1_000)
    ]

    letter = await office.get(listed.dead_letter_id)
    assert (letter.key, letter.value) == (HOSTILE, HOSTILE)
    assert [(h.name, h.value if h.HasField("value") else None) for h in letter.headers] == headers
    assert letter.cause == "not to be used"


@pytest.mark.parametrize(("key", "value"), [(None, b"v"), (b"k", None), (b"", b""), (None, None), (b"k", b"")])
async def test_absent_and_empty_are_told_apart(office, key, value):
    await office.kept.keep(refused(key=key, value=value, headers=[]))

    await office.replay(*await office.names())

    assert office.bus.sent == [("t", key, value, [])]


@pytest.mark.parametrize("size", [0, 256 * 1024, 4 * 1024 * 1024, 17 * 1024 * 1024, 20 * 1024 * 1024])
async def test_the_largest_messages_are_kept_whole(office, size):
    value = random.Random(size).randbytes(size)
    await office.kept.keep(refused(value=value))
    [name] = await office.names()

    await office.replay(name)

    assert office.bus.sent == [("t", b"k", value, [("h", b"x")])]


async def test_a_huge_key_and_huge_headers_are_kept_too(office):
    huge = random.Random(1).randbytes(9 * 1024 * 1024)
    await office.kept.keep(refused(key=huge, headers=[("h", huge)]))

    await office.replay(*await office.names())

    assert office.bus.sent == [("t", huge, b"v", [("h", huge)])]


async def test_a_letter_that_is_not_whole_in_the_store_is_not_replayed(office):
    await office.kept.keep(refused(value=bytes(9 * 1024 * 1024)))
    [name] = await office.names()
    await office.letters.database["dead_letters.pieces"].delete_one({"_id": f"{name}/001"})

    with pytest.raises(ChimeraError, match="not whole"):
        await office.replay(name)

    assert office.bus.sent == []
    assert await office.names() == [name]


async def test_one_delivery_is_one_letter_however_often_it_comes(office):
    for _ in range(3):
        await office.kept.keep(refused(7))
    await asyncio.gather(*(office.kept.keep(refused(8)) for _ in range(5)))

    assert len(await office.names()) == 2


async def test_equal_messages_at_two_places_are_two_letters(office):
    for offset in (1, 2):
        await office.kept.keep(refused(offset))

    assert len(await office.names()) == 2


async def test_a_log_made_anew_hides_no_letter(office):
    await office.kept.keep(refused(1, value=b"one"))
    again = refused(1, value=b"another")
    await office.kept.keep(again)
    await office.kept.keep(replace(again, message=replace(again.message, timestamp_ms=again.message.timestamp_ms + 1)))

    assert len(await office.names()) == 3


@pytest.mark.parametrize("timestamp", [-1, 0, 2**63 - 1])
async def test_times_that_cannot_be_are_no_trouble(office, timestamp):
    letter = refused()
    await office.kept.keep(replace(letter, message=replace(letter.message, timestamp_ms=timestamp)))

    [name] = await office.names()
    assert len(name) == 32


async def test_letters_come_oldest_first_in_pages(office):
    for offset in random.Random(3).sample(range(7), 7):
        await office.kept.keep(refused(offset, value=str(offset).encode()))

    found, token = [], ""
    while True:
        page = await office.list(page_size=3, page_token=token)
        found += [(await office.get(letter.dead_letter_id)).value for letter in page.dead_letters]
        if not (token := page.next_page_token):
            break

    assert found == [str(offset).encode() for offset in range(7)]


async def test_the_bound_is_of_each_stage_and_outlives_a_restart(database):
    office = Office(database, bound=2)
    for offset in range(2):
        await office.kept.keep(refused(offset))
        await office.kept.keep(refused(offset, stage="validate"))
    restarted = Office(database, bound=2)

    with pytest.raises(NoRoom, match="verifier/grade has 2 dead letters"):
        await restarted.kept.keep(refused(2))
    await restarted.kept.keep(refused(1))  # one that is kept comes again

    [first, *_] = await office.names(stage="grade")
    await restarted.replay(first)
    await restarted.kept.keep(refused(2))
    assert {room.stage: room.letters for room in (await office.list()).stages} == {"grade": 2, "validate": 2}


async def test_services_with_a_stage_of_one_name_have_rooms_of_their_own(database):
    office = Office(database, bound=1)
    await office.kept.keep(refused())
    await DeadLetters(database["dead_letters"], "generator", 1).keep(refused())

    assert [(room.service, room.letters) for room in (await office.list()).stages] == [
        ("generator", 1),
        ("verifier", 1),
    ]


async def test_a_replayed_letter_is_no_longer_listed_but_can_be_read_and_replayed_again(office):
    await office.kept.keep(refused())
    [name] = await office.names()

    assert await office.replay(name, name) == [name]
    assert await office.names() == []
    assert (await office.get(name)).HasField("replay_time")
    await office.replay(name)

    assert len(office.bus.sent) == 2


async def test_a_redelivery_of_what_was_replayed_does_not_open_it_again(office):
    await office.kept.keep(refused())
    await office.replay(*await office.names())

    await office.kept.keep(refused())

    assert await office.names() == []


async def test_a_stage_is_replayed_whole(office):
    for offset in range(30):
        await office.kept.keep(refused(offset, value=str(offset).encode()))
    await office.kept.keep(refused(stage="validate", topic="other"))

    assert len(await office.replay(stage="grade")) == 30

    assert {value for _, _, value, _ in office.bus.sent} == {str(offset).encode() for offset in range(30)}
    assert [letter.stage for letter in (await office.list()).dead_letters] == ["validate"]


async def test_a_stage_that_is_full_of_what_is_of_no_use_gets_room(database):
    office = Office(database, bound=2)
    for offset in range(2):
        await office.kept.keep(refused(offset))
    await office.kept.keep(refused(stage="validate"))

    discarded = await office.discard(stage="grade")

    assert len(discarded) == 2
    assert (await office.get(discarded[0])).HasField("discard_time")
    assert [room.stage for room in (await office.list()).stages] == ["validate"]
    await office.kept.keep(refused(2))
    assert len(await office.names(stage="grade")) == 1
    assert office.bus.sent == []


async def test_what_was_discarded_can_be_replayed_and_is_forgotten_in_the_end(office, monkeypatch):
    for offset in range(2):
        await office.kept.keep(refused(offset, value=bytes(5 * 1024 * 1024)))
    first, second = await office.names()
    await office.discard(first)
    await office.replay(first)
    assert len(office.bus.sent) == 1

    monkeypatch.setattr(dead_letters, "_KEPT_WHEN_CLOSED", timedelta(0))
    await office.discard(second)

    assert (await office.get(second)).value == bytes(5 * 1024 * 1024)
    with pytest.raises(NotFound):
        await office.discard(first)


async def test_what_cannot_be_sent_stays_and_hinders_no_other(office):
    await office.kept.keep(refused(1, topic="away"))
    await office.kept.keep(refused(2))
    office.bus.away = {"away"}

    with pytest.raises(BusUnavailable):
        await office.replay(stage="grade")

    assert [topic for topic, *_ in office.bus.sent] == ["t"]
    assert [letter.topic for letter in (await office.list()).dead_letters] == ["away"]


async def test_a_letter_that_was_sent_but_not_noted_is_sent_again(office, monkeypatch):
    await office.kept.keep(refused())

    async def away(name):
        raise StoreUnavailable("no store")

    with monkeypatch.context() as broken:
        broken.setattr(office.box, "replayed", away)
        with pytest.raises(StoreUnavailable):
            await office.replay(stage="grade")
    assert len(await office.names()) == 1

    await office.replay(stage="grade")
    assert len(office.bus.sent) == 2


async def test_letters_that_were_replayed_long_ago_are_forgotten(office, monkeypatch):
    for offset in range(2):
        await office.kept.keep(refused(offset, value=bytes(5 * 1024 * 1024)))
    first, second = await office.names()
    await office.replay(first)
    monkeypatch.setattr(dead_letters, "_KEPT_WHEN_CLOSED", timedelta(0))

    await office.replay(second)

    with pytest.raises(NotFound):
        await office.get(first)
    pieces = [d["_id"] async for d in office.letters.database["dead_letters.pieces"].find({})]
    assert {piece.partition("/")[0] for piece in pieces} == {second}


async def test_what_is_asked_wrongly_is_said(office):
    with pytest.raises(InvalidInput, match="either ids or a stage"):
        await office.replay()
    with pytest.raises(InvalidInput, match="either ids or a stage"):
        await office.replay("a", stage="grade")
    with pytest.raises(InvalidInput, match="at most"):
        await office.replay(*map(str, range(1_001)))
    with pytest.raises(NotFound, match="no dead letter is named"):
        await office.replay("nothing")
    with pytest.raises(NotFound):
        await office.get("nothing")
