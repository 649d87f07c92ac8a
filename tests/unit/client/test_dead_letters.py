"""What a dead letter looks like: bounded and harmless, whatever it holds."""

import json
import random

import pytest

from chimera.deadletter.v1 import dead_letter_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.cli.output import console
from chimera_client.views.dead_letters import letter_document, letters_table, render_letter, room_line
from chimera_shared.bus.codec import encode

ESCAPES = b"\x1b]0;owned\x07\x1b[31mred\x1b[0m\r\n"
REQUESTED = events_pb2.ProblemRequested(ref=sample_pb2.SampleRef(sample_id="a" * 32, build_id="b1", subject="Physics"))


def letter(key=b"k", value=b"v", headers=(), cause="not to be used") -> dead_letter_pb2.DeadLetter:
    made = dead_letter_pb2.DeadLetter(
        dead_letter_id="0" * 32, service="generator", stage="propose", topic="t", key=key, value=value, cause=cause
    )
    made.headers.extend(dead_letter_pb2.Header(name=name, value=held) for name, held in headers)
    return made


def shown(renderable) -> str:
    out = console()
    with out.capture() as capture:
        out.print(renderable)
    return capture.get()


def test_an_event_is_shown_as_what_it_is():
    sent = encode(REQUESTED, "x")
    held = letter(value=sent.value, headers=[(name, text.encode()) for name, text in sent.headers.items()])

    assert '"subject": "Physics"' in shown(render_letter(held))
    assert letter_document(held)["event"]["ref"]["subject"] == "Physics"


@pytest.mark.parametrize(
    "value",
    [ESCAPES * 100, random.Random(1).randbytes(100_000), "\u202eevil".encode(), b"\xed\xa0\x80", b"[red]x[/red]"],
)
def test_what_is_shown_is_printable_and_bounded(value):
    hostile = value.decode(errors="replace")
    held = letter(value, value, [(hostile[:50], value)] * 200, hostile)

    text = (
        shown(render_letter(held))
        + shown(letters_table([held]))
        + room_line(dead_letter_pb2.StageLetters(service=hostile, stage=hostile, letters=1, bound=2))
    )

    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    assert len(text) < 60_000


def test_text_is_shown_as_text_and_bytes_in_hexadecimal():
    assert "stray words" in shown(render_letter(letter(value=b"stray words")))
    assert "ff 00 41" in shown(render_letter(letter(value=b"\xff\x00A")))


def test_long_text_that_is_cut_within_a_character_is_still_text():
    assert "as text" in shown(render_letter(letter(value=("x" + "é" * 40_000).encode())))


@pytest.mark.parametrize(("value", "word"), [(None, "(none)"), (b"", "(empty)")])
def test_absent_and_empty_values_are_told_apart(value, word):
    assert word in shown(render_letter(letter(value=value)))


@pytest.mark.parametrize("kind", [b"chimera.events.v1.ProblemRequested", b"no.such.Event", b"\xff"])
def test_what_is_not_the_event_that_it_says_is_shown_raw(kind):
    held = letter(value=b"\xff\xff", headers=[("ce_type", kind)])

    assert "ff ff" in shown(render_letter(held))
    assert letter_document(held)["event"] is None


def test_the_document_is_exact():
    held = letter(None, bytes(range(256)), [("same", b"\xff"), ("same", None)])

    document = json.loads(json.dumps(letter_document(held)))

    assert document["key"] is None
    assert document["value"].startswith("AAECAwQF")
    assert document["headers"] == [{"name": "same", "value": "/w=="}, {"name": "same", "value": None}]


def test_a_full_room_says_that_the_stage_stands_still():
    full = dead_letter_pb2.StageLetters(service="generator", stage="propose", letters=1_000, bound=1_000)

    assert room_line(full) == (
        "generator/propose: 1,000 dead letters of 1,000; the stage stands still until some are replayed or discarded"
    )
