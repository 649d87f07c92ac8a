"""Which problems are refused for those before them, in builds, earlier datasets and benchmarks."""

import asyncio

import pytest

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2, corpus_service_pb2, corpus_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import AlreadyExists, InvalidInput, NotFound, SampleFailure
from chimera_shared.rpc.channel import connect
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_shared.testing.logs import MemoryLogs
from chimera_verifier.corpora import Corpora
from chimera_verifier.corpus_servicer import CorpusServicer
from chimera_verifier.reader import Reader
from chimera_verifier.similarity import Standing
from likenesses import Heads, Words, similarity

DUPLICATE, VARIANT, LEAK = sample_pb2.RELATION_DUPLICATE, sample_pb2.RELATION_VARIANT, sample_pb2.RELATION_LEAK
KEEP, REFUSE = build_pb2.VARIANT_POLICY_KEEP, build_pb2.VARIANT_POLICY_REFUSE
SUM = "Find the sum of the first 10 positive integers."
MARKED = "**Problem 4.** Find the sum of the first $10$ positive integers"
RENUMBERED = "Find the sum of the first 25 positive integers."
OTHER = "A train needs 3 hours for 240 km. How fast is it?"


def sample(name: str, statement: str) -> sample_pb2.Sample:
    return sample_pb2.Sample(ref={"sample_id": name, "build_id": "b1"}, problem={"statement": statement})


async def looked(at, name, statement, standing=None, judge=(), **compared):
    validation = sample_pb2.Validation()
    spec = build_pb2.BuildSpec(similarity=compared, roles={"judge": {"endpoints": judge}})
    refusal = await at.look(validation, sample(name, statement), spec, standing or Standing())
    return refusal, list(validation.matches)


def parts(name, *statements, **head):
    async def sent():
        yield corpus_service_pb2.ImportCorpusRequest(head={"name": name, **head})
        for statement in statements:
            yield corpus_service_pb2.ImportCorpusRequest(items={"items": [{"statement": statement}]})

    return sent()


class Shop:
    """Everything of one verifier, and of as many replicas as are asked for."""

    def __init__(self):
        self.logs, self.heads = MemoryLogs(), Heads()

    def replica(self, **made):
        return similarity(self.logs, self.heads, **made)

    @property
    def corpora(self):
        return Corpora(self.heads, self.logs, Reader(Words()))


async def test_the_same_problem_in_another_dress_is_refused_with_its_match():
    at = similarity()
    assert await looked(at, "s1", SUM) == (None, [])

    (reason, detail), [match] = await looked(at, "s2", MARKED)

    assert (reason, detail) == (sample_pb2.REASON_DUPLICATE, "the same problem as sample s1")
    assert (match.relation, match.corpus, match.item, match.method, match.score) == (DUPLICATE, "b1", "s1", "exact", 1)
    assert (match.excerpt, match.refused) == (SUM, True)


@pytest.mark.parametrize(("policy", "reason"), [(0, None), (KEEP, None), (REFUSE, sample_pb2.REASON_VARIANT)])
async def test_variants_of_the_build_are_told_and_kept_unless_it_wants_none(policy, reason):
    at = similarity()
    await looked(at, "s1", SUM, variants=policy)

    refusal, [match] = await looked(at, "s2", RENUMBERED, variants=policy)

    assert (refusal and refusal[0], match.relation, match.refused) == (reason, VARIANT, reason is not None)


@pytest.mark.parametrize(
    ("statement", "policy", "reason", "relation"),
    [
        (MARKED, 0, sample_pb2.REASON_LEAK, LEAK),
        (MARKED, KEEP, sample_pb2.REASON_LEAK, LEAK),
        (RENUMBERED, 0, sample_pb2.REASON_LEAK, LEAK),
        (RENUMBERED, REFUSE, sample_pb2.REASON_LEAK, LEAK),
        (RENUMBERED, KEEP, None, VARIANT),
    ],
)
async def test_what_gives_a_benchmark_item_away_is_a_leak(statement, policy, reason, relation):
    shop = Shop()
    await shop.corpora.take_in(parts("olympiad", OTHER, SUM))

    refusal, [match] = await looked(shop.replica(), "s1", statement, benchmarks=["olympiad"], benchmark_variants=policy)

    assert (refusal and refusal[0], match.relation) == (reason, relation)
    assert (match.corpus, match.item) == ("olympiad", "1")
    if refusal:
        assert "item 1 of the benchmark olympiad" in refusal[1]


async def test_what_an_earlier_dataset_has_is_a_duplicate():
    shop = Shop()
    await shop.corpora.take_in(parts("v1", SUM))

    refusal, _ = await looked(shop.replica(), "s1", MARKED, datasets=["v1"])

    assert refusal == (sample_pb2.REASON_DUPLICATE, "the same problem as item 0 of the corpus v1")


async def test_a_corpus_that_is_not_there_fails_the_sample_and_says_so():
    with pytest.raises(SampleFailure, match="'gone' is not there; `chimera corpora import`"):
        await looked(similarity(), "s1", SUM, benchmarks=["gone"])


async def test_of_like_problems_checked_at_once_by_two_replicas_exactly_one_passes():
    for _ in range(10):
        shop = Shop()
        one, two = shop.replica(), shop.replica()
        looks = [looked(one if n % 2 else two, f"s{n}", SUM if n % 3 else MARKED) for n in range(8)]

        refusals = [refusal for refusal, _ in await asyncio.gather(*looks)]

        assert refusals.count(None) == 1
        assert shop.logs.logs["b1"][0]["item"] == f"s{refusals.index(None)}"
        assert len(shop.logs.logs["b1"]) == 8


async def test_a_sample_that_is_checked_again_finds_what_it_found():
    shop = Shop()
    at = shop.replica()
    first = [await looked(at, name, text) for name, text in (("s1", SUM), ("s2", MARKED), ("s3", RENUMBERED))]

    for replica in (at, shop.replica()):
        again = [await looked(replica, name, text) for name, text in (("s3", RENUMBERED), ("s2", MARKED), ("s1", SUM))]
        assert again[::-1] == first
    assert len(shop.logs.logs["b1"]) == 3


async def test_who_claims_no_place_is_not_found_and_may_be_like_what_it_was_made_from():
    at = similarity()
    await looked(at, "s1", SUM)
    apart = Standing(claims=False, apart_from="s1")

    assert await looked(at, "c1", MARKED, standing=apart) == (None, [])
    refusal, _ = await looked(at, "c2", MARKED, standing=Standing(claims=False))
    assert refusal is not None
    assert (await looked(at, "s2", OTHER))[0] is None


async def test_who_stands_beside_a_sample_is_compared_with_what_was_there_by_then():
    at = similarity()
    await looked(at, "s1", OTHER)
    await looked(at, "s2", SUM)
    await looked(at, "s3", MARKED)  # a later duplicate, refused and on the shelf

    assert await looked(at, "c1", SUM, standing=Standing(claims=False, apart_from="s2", beside="s2")) == (None, [])
    refusal, matches = await looked(at, "c2", MARKED, standing=Standing(claims=False, beside="s2"))
    assert refusal is not None
    assert [match.item for match in matches] == ["s2"]
    refusal, _ = await looked(at, "c3", SUM, standing=Standing(claims=False, beside="s1"))
    assert refusal is None


async def test_a_recalled_sample_is_compared_with_those_before_it_in_its_build():
    at = similarity()
    for name, statement in (("s1", OTHER), ("s2", SUM), ("s3", MARKED)):
        await looked(at, name, statement)

    async def again(name, statement):
        recalled = sample(name, statement)
        recalled.ref.build_id = "r1"
        standing = Standing(claims=False, apart_from=name, beside=name, among="b1")
        validation = sample_pb2.Validation()
        refusal = await at.look(validation, recalled, build_pb2.BuildSpec(), standing)
        return refusal, [(match.corpus, match.item) for match in validation.matches]

    assert await again("s2", SUM) == (None, [])
    refusal, matches = await again("s3", MARKED)
    assert refusal is not None
    assert "sample s2" in refusal[1]
    assert matches == [("b1", "s2")]


async def test_what_was_stored_by_an_older_reader_is_read_again():
    shop = Shop()
    await looked(shop.replica(), "s1", SUM)
    shop.logs.logs["b1"][0] |= {"reader": 0, "sketch": b"", "vector": b"", "form": ""}

    refusal, _ = await looked(shop.replica(), "s2", MARKED)

    assert refusal is not None


async def test_a_corpus_appears_whole_and_the_same_again_is_the_same():
    shop = Shop()
    corpus = await shop.corpora.take_in(parts("one", SUM, OTHER, source="mine"))

    assert (corpus.items, corpus.source, len(corpus.sha256)) == (2, "mine", 64)
    assert await shop.corpora.take_in(parts("one", SUM, OTHER)) == corpus
    with pytest.raises(AlreadyExists, match="'one' is there with other content"):
        await shop.corpora.take_in(parts("one", OTHER, SUM))
    assert [(item.item_id, item.statement) async for item in shop.corpora.read("one")] == [("0", SUM), ("1", OTHER)]
    assert len(shop.logs.logs) == 1
    assert not shop.heads.begun


async def test_an_import_that_breaks_off_leaves_nothing():
    shop = Shop()

    async def broken():
        async for part in parts("one", SUM):
            yield part
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await shop.corpora.take_in(broken())
    assert not shop.logs.logs
    with pytest.raises(NotFound):
        await shop.corpora.scope("one")


async def test_a_stream_that_ends_without_its_seal_leaves_nothing():
    def sealed(*seals):
        async def sent():
            for number, seal in enumerate(seals):
                items = {"items": {"items": [{"statement": SUM}]}}
                yield corpus_service_pb2.ImportCorpusRequest(
                    **(items if number else {"head": {"name": "one"}}), sealed=seal
                )

        return sent()

    shop = Shop()
    with pytest.raises(InvalidInput, match="broke off"):
        await shop.corpora.take_in(sealed(True, False))
    assert not shop.logs.logs
    assert not shop.heads.heads
    assert (await shop.corpora.take_in(sealed(True, False, True))).items == 2


async def test_a_call_that_is_cancelled_in_the_middle_of_its_stream_leaves_nothing():
    shop, taken, over = Shop(), asyncio.Event(), asyncio.Event()

    async def append(*arguments):
        stored = await MemoryLogs.append(shop.logs, *arguments)
        taken.set()
        return stored

    async def end(scope):
        await Heads.end(shop.heads, scope)
        over.set()

    shop.logs.append, shop.heads.end = append, end
    servicer = CorpusServicer(shop.corpora, shop.heads, shop.replica())
    settings = ServiceSettings(host="127.0.0.1", port=0)
    async with RpcServer(settings, [servicer.register]) as server, connect(server.target) as channel:
        call = corpus_service_pb2_grpc.CorpusServiceStub(channel).ImportCorpus()
        await call.write(corpus_service_pb2.ImportCorpusRequest(head={"name": "one"}, sealed=True))
        items = [corpus_pb2.CorpusItem(statement=f"{SUM} Add {number}.") for number in range(200)]
        await call.write(corpus_service_pb2.ImportCorpusRequest(items={"items": items}))
        await asyncio.wait_for(taken.wait(), 30)
        call.cancel()
        await asyncio.wait_for(over.wait(), 30)
    assert not shop.heads.heads
    assert not shop.logs.logs


async def test_a_corpus_whose_sender_leaves_at_the_last_moment_is_whole():
    shop, reached, goes_on = Shop(), asyncio.Event(), asyncio.Event()

    async def slow(corpus, scope):
        reached.set()
        await goes_on.wait()
        return await Heads.add(shop.heads, corpus, scope)

    shop.heads.add = slow
    importing = asyncio.create_task(shop.corpora.take_in(parts("one", SUM, OTHER)))
    await reached.wait()
    importing.cancel()
    asyncio.get_running_loop().call_soon(goes_on.set)
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert [item.statement async for item in shop.corpora.read("one")] == [SUM, OTHER]
    assert not shop.heads.begun


async def test_what_a_killed_import_left_is_cleaned_away():
    shop = Shop()
    await shop.corpora.take_in(parts("one", SUM))
    await shop.heads.begin("corpus-dead")
    await shop.logs.append("corpus-dead", 0, [{"item": "0"}])

    await shop.corpora.clean()

    assert [scope for scope in shop.logs.logs if scope == "corpus-dead"] == []
    assert [item.statement async for item in shop.corpora.read("one")] == [SUM]


@pytest.mark.parametrize(
    ("name", "statements", "wrong"),
    [("a b", [SUM], "head.name"), ("one", [], "items: there are none"), ("one", ["  "], r"items\[0\].statement")],
)
async def test_a_corpus_that_cannot_be_is_refused(name, statements, wrong):
    with pytest.raises(InvalidInput, match=wrong):
        await Shop().corpora.take_in(parts(name, *statements))


async def test_two_items_of_one_name_are_refused():
    async def twice():
        yield corpus_service_pb2.ImportCorpusRequest(head={"name": "one"})
        items = [corpus_pb2.CorpusItem(item_id="x", statement=text) for text in (SUM, OTHER)]
        yield corpus_service_pb2.ImportCorpusRequest(items={"items": items})

    with pytest.raises(InvalidInput, match="'x' stands on an earlier item"):
        await Shop().corpora.take_in(twice())


async def test_items_are_as_their_templates_make_them():
    template = corpus_pb2.Template(
        statement="What is {a} times {b}?",
        parameters=[{"name": "a", "low": 2, "high": 9}, {"name": "b", "values": [3, 7]}],
        answer_expression="a * b",
    )

    async def sent(**item):
        yield corpus_service_pb2.ImportCorpusRequest(head={"name": "one"})
        yield corpus_service_pb2.ImportCorpusRequest(items={"items": [{"template": template, **item}]})

    with pytest.raises(InvalidInput, match=r"items\[0\]\.template: answer_expression gives 20 for a = 4, b = 5"):
        await Shop().corpora.take_in(sent(statement="What is 4 times 5?", answer={"value": "21"}))
    shop = Shop()
    await shop.corpora.take_in(sent())
    [item] = [item async for item in shop.corpora.read("one")]
    assert item.template == template
    _, _, a, _, b = item.statement.rstrip("?").split()
    assert item.answer.value == str(int(a) * int(b))


async def test_similar_problems_are_found_without_storing_anything():
    shop = Shop()
    await shop.corpora.take_in(parts("bench", SUM))
    await shop.corpora.take_in(parts("old", RENUMBERED))
    at = shop.replica()
    await looked(at, "s1", OTHER)
    before = len(shop.logs.logs["b1"])

    found = await at.find(MARKED, ["old"], ["bench"], "b1")

    assert [(m.corpus, m.relation) for m in found] == [("bench", LEAK), ("old", VARIANT)]
    assert len(shop.logs.logs["b1"]) == before


class Judge:
    """Says what it was told to, and remembers what it was asked."""

    def __init__(self, relation, fails=None):
        self.found, self.fails, self.asked = relation, fails, []

    async def relation(self, ref, judge, statement, other):
        self.asked.append((statement, other))
        if self.fails and len(self.asked) > 1:
            raise self.fails
        return self.found, [sample_pb2.ModelCall(call_id=f"j{len(self.asked)}", usage={"calls": 1})]


HEADS = "A fair coin is tossed 10 times. What is the probability of getting 4 heads?"
DOUBTFUL = "A fair coin is tossed 10 times. What is the variance of the number of heads after 4 of them?"


@pytest.mark.parametrize(
    ("said", "reason", "relation", "method"),
    [
        (DUPLICATE, sample_pb2.REASON_DUPLICATE, DUPLICATE, "judge"),
        (VARIANT, None, VARIANT, "judge"),
        (sample_pb2.RELATION_DIFFERENT, None, sample_pb2.RELATION_DIFFERENT, "judge"),
        (sample_pb2.RELATION_UNSPECIFIED, None, sample_pb2.RELATION_DIFFERENT, "embedding"),
    ],
)
async def test_where_no_rule_tells_well_a_judge_is_asked_if_one_is_named(said, reason, relation, method):
    judge = Judge(said)
    at = similarity(judge=judge)
    await looked(at, "s1", HEADS, judge=["large"])

    refusal, [match] = await looked(at, "s2", DOUBTFUL, judge=["large"])

    assert judge.asked == [(DOUBTFUL, HEADS)]
    assert (refusal and refusal[0], match.relation, match.method) == (reason, relation, method)
    assert [call.call_id for call in match.calls] == ["j1"]


async def test_without_a_judge_the_rule_decides_and_nothing_is_told():
    at = similarity()
    await looked(at, "s1", HEADS)

    assert await looked(at, "s2", DOUBTFUL) == (None, [])


async def test_what_a_judge_was_paid_stays_when_its_endpoint_goes():
    judge = Judge(VARIANT, SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "gone"))
    at = similarity(judge=judge)
    for name in ("s1", "s2"):
        await at.look(sample_pb2.Validation(), sample(name, HEADS), build_pb2.BuildSpec(), Standing())
    validation = sample_pb2.Validation()
    spec = build_pb2.BuildSpec(roles={"judge": {"endpoints": ["large"]}})

    with pytest.raises(SampleFailure, match="gone"):
        await at.look(validation, sample("s3", DOUBTFUL), spec, Standing())

    assert [call.call_id for match in validation.matches for call in match.calls] == ["j1"]
