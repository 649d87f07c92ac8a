"""Dead letters by the command line: what cannot be used is listed, shown and sent again."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from chimera_shared.topics import PROBLEM_REQUESTED
from e2e.commands import build_file, chimera, up

pytestmark = [pytest.mark.e2e]
HOSTILE = b"\x1b]0;owned\x07" + bytes(range(256))


async def listed(gateway: str, wanted: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(480):
        while True:
            ended = await chimera("dead-letters", "list", "--json", "--gateway", gateway)
            assert (ended.code, ended.complaints) == (0, [])
            if len(ended.documents) == wanted:
                return ended.documents


async def test_a_message_that_cannot_be_used_is_listed_shown_and_sent_again(
    tmp_path: Path, kafka_bootstrap: str, mongodb_uri: str
) -> None:
    servers = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "MONGODB_URI": mongodb_uri}
    async with up(tmp_path / "data", **servers) as gateway:
        assert await listed(gateway, 0) == []
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
            await producer.send_and_wait(PROBLEM_REQUESTED.name, HOSTILE, b"\xff", headers=[("ce_type", b"evil")])

        first, second = await listed(gateway, 2)  # the generator's stage, and the gateway's, which counts
        assert {letter["service"] for letter in (first, second)} == {"generator", "gateway"}
        name = first["dead_letter_id"]
        table = await chimera("dead-letters", "list", "--gateway", gateway)
        assert name in table.out
        assert "1 dead letter of 1,000" in table.err

        shown = await chimera("dead-letters", "show", name, "--gateway", gateway)
        assert shown.code == 0
        assert "ce_type is 'evil'" in shown.out
        assert [c for c in shown.out if not c.isprintable() and c != "\n"] == []
        [exact] = (await chimera("dead-letters", "show", name, "--json", "--gateway", gateway)).documents
        assert base64.b64decode(exact["value"]) == HOSTILE
        assert base64.b64decode(exact["key"]) == b"\xff"

        sent = await chimera("dead-letters", "replay", name, "--gateway", gateway)
        assert (sent.code, sent.out) == (0, "1 message sent again\n")
        # Both stages of the topic refuse it again: two letters more, one less.
        left = [letter["dead_letter_id"] for letter in await listed(gateway, 3)]
        assert name not in left
        gone = await chimera("dead-letters", "discard", *left[:2], "--gateway", gateway)
        assert (gone.code, gone.out) == (0, "2 messages discarded\n")
        assert [letter["dead_letter_id"] for letter in await listed(gateway, 1)] == left[2:]

        for wrong, words in (
            (("show", "nothing"), "no dead letter is named 'nothing'"),
            (("replay", "nothing"), "no dead letter is named 'nothing'"),
            (("replay",), "give either ids or --stage"),
        ):
            refused = await chimera("dead-letters", *wrong, "--gateway", gateway)
            assert (refused.code, refused.out) == (2, "")
            assert words in refused.complaints[0]

        built = await chimera("build", "run", build_file(tmp_path / "b.yaml"), "-o", tmp_path / "out", "--json",
                              "--gateway", gateway)  # fmt: skip
        assert (built.code, built.build["progress"]["accepted"]) == (0, 12), built
