"""Decoding with a real, tiny model of random weights: batches say what single requests say."""

import pytest

import tinymodel

pytest.importorskip("torch")
pytest.importorskip("transformers")

from chimera_inference.rayserve.decoding import Decoder, Sampling

MESSAGES = [[{"role": "user", "content": "a b c"}], [{"role": "user", "content": "d e f g h i"}]]


@pytest.fixture(scope="module")
def decoder():
    model, tokeniser = tinymodel.of_words(seed=4)
    return Decoder(model.eval(), tokeniser, max_model_len=40)


def said(decoder, prompts, sampling, index=0):
    rows = [decoder.row(decoder.prompt(messages), sampling, index) for messages in prompts]
    texts, ends = ["" for _ in rows], [None for _ in rows]
    for step in decoder.batch(rows):
        for row, pieces in step:
            at = next(i for i, each in enumerate(rows) if each is row)
            for piece in pieces:
                texts[at] += piece.text
                ends[at] = piece.finish_reason or ends[at]
    return [(text, end, len(row.ids)) for text, end, row in zip(texts, ends, rows, strict=True)]


@pytest.mark.parametrize(
    "sampling", [Sampling(12, temperature=0), Sampling(12, 1.0, 0.9, 8, seed=5)], ids=["greedy", "drawn"]
)
def test_a_batch_of_unequal_prompts_says_what_each_says_alone(decoder, sampling):
    together = said(decoder, MESSAGES, sampling)
    assert together == [said(decoder, [messages], sampling)[0] for messages in MESSAGES]
    assert all(end in ("stop", "length") for _, end, _ in together)


def test_the_seed_decides_and_choices_differ(decoder):
    hot = Sampling(20, temperature=2.0, seed=3)
    first = said(decoder, MESSAGES[:1], hot)
    assert first == said(decoder, MESSAGES[:1], hot)
    assert first != said(decoder, MESSAGES[:1], hot, index=1)


def test_answers_end_at_their_limit_or_at_the_models(decoder):
    ((_, end, tokens),) = said(decoder, MESSAGES[:1], Sampling(3, temperature=0))
    assert (end, tokens) == ("length", 3) or end == "stop"
    ((_, _, most),) = said(decoder, MESSAGES[:1], Sampling(1000, temperature=2.0, seed=1))
    assert most <= 40
    with pytest.raises(ValueError, match="the model takes 40 in all"):
        decoder.prompt([{"role": "user", "content": "a " * 60}])


def test_a_narrow_choice_is_the_likeliest(decoder):
    greedy = said(decoder, MESSAGES, Sampling(8, temperature=0))
    assert said(decoder, MESSAGES, Sampling(8, temperature=1.0, top_k=1, seed=9)) == greedy
    assert said(decoder, MESSAGES, Sampling(8, temperature=1.0, top_p=1e-6, seed=9)) == greedy
