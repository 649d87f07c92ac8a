import json

import pytest

from chimera.corpus.v1 import corpus_pb2
from chimera_client import AsyncClient, named_corpora
from chimera_client.buildfile import read_build_file
from chimera_client.evaluationfile import read_evaluation_file
from chimera_shared.errors import InvalidInput
from unit.client.test_cli import BUILD, chimera

NAMES = "similarity: {benchmarks: [aime25, ./mine.jsonl], datasets: [old/mine.jsonl], variants: refuse}\n"
GOLD = "controls: {share: 0.1, gold: [gold.csv]}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "mine.jsonl").write_text('{"problem": "How many?", "answer": 7}\n')
    (tmp_path / "old" / "mine.jsonl").write_text('{"problem": "How few?", "answer": 8}\n')
    (tmp_path / "gold.csv").write_text("question,answer\nHow long?,9\n")
    (tmp_path / "small.yaml").write_text(BUILD + NAMES + GOLD)
    return tmp_path


def test_files_are_named_by_their_content(folder):
    file = read_build_file(folder / "small.yaml")
    benchmark, mine = file.spec.similarity.benchmarks
    (old,), (gold,) = file.spec.similarity.datasets, file.spec.controls.gold
    assert benchmark == "aime25"
    assert mine.startswith("mine-")
    assert old.startswith("mine-")
    assert mine != old
    assert file.corpora == {
        mine: folder / "mine.jsonl",
        old: folder / "old" / "mine.jsonl",
        gold: folder / "gold.csv",
    }
    assert read_build_file(folder / "small.yaml") == file


def test_another_content_is_another_order(folder):
    before = read_build_file(folder / "small.yaml")
    (folder / "mine.jsonl").write_text('{"problem": "How much?", "answer": 7}\n')
    after = read_build_file(folder / "small.yaml")
    assert before.request_id() != after.request_id()
    assert before.spec.similarity.benchmarks[1] != after.spec.similarity.benchmarks[1]


def test_a_file_that_cannot_be_read_is_named_by_its_field(folder):
    (folder / "mine.jsonl").unlink()
    (folder / "gold.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput) as caught:
        read_build_file(folder / "small.yaml")
    assert [violation.field for violation in caught.value.violations] == [
        "similarity.benchmarks[1]",
        "controls.gold[0]",
    ]
    assert "there is no file" in str(caught.value)


async def test_files_are_imported_once_and_every_other_corpus_must_be_there(verifier, folder):
    file, said = read_build_file(folder / "small.yaml"), []
    async with AsyncClient(None, verifier.target) as client:
        with pytest.raises(InvalidInput) as caught:
            await named_corpora.provide(client, named_corpora.of_build(file.spec), file.corpora, said.append)
        assert [violation.field for violation in caught.value.violations] == ["similarity.benchmarks[0]"]
        assert "chimera corpora import aime25" in str(caught.value)
        await client.corpora.import_("aime25", "", [corpus_pb2.CorpusItem(statement="Why?")])
        await named_corpora.provide(client, named_corpora.of_build(file.spec), file.corpora, said.append)
    assert len(said) == 3
    assert set(verifier.corpora.corpora) == {"aime25", *file.corpora}


def test_evaluations_name_files_too(folder):
    text = "name: mine\ncandidates: {base: a}\nbenchmarks: [aime25, {corpus: ./mine.jsonl, samples: 4}]\n"
    (folder / "evaluation.yaml").write_text(text)
    file = read_evaluation_file(folder / "evaluation.yaml")
    (name,) = file.corpora
    assert list(named_corpora.of_evaluation(file.spec)) == [
        ("benchmarks[0].corpus", "aime25"),
        ("benchmarks[1].corpus", name),
    ]
    (folder / "mine.jsonl").write_text('{"problem": "Another?", "answer": 7}\n')
    assert read_evaluation_file(folder / "evaluation.yaml").request_id() != file.request_id()


async def test_a_build_without_corpora_needs_no_verifier(folder):
    (folder / "small.yaml").write_text(BUILD)
    file = read_build_file(folder / "small.yaml")
    async with AsyncClient("127.0.0.1:9") as client:
        await named_corpora.provide(client, named_corpora.of_build(file.spec), file.corpora, print)


async def test_build_run_imports_before_it_orders(gateway, verifier, folder):
    at = {"cwd": folder, "CHIMERA_GATEWAY": gateway.target, "CHIMERA_VERIFIER": verifier.target}
    refused = await chimera("build", "run", "small.yaml", **at)
    assert (refused.code, gateway.submitted) == (2, [])
    assert "similarity.benchmarks[0]: no corpus is named 'aime25'" in refused.err
    verifier.corpora.corpora["aime25"] = corpus_pb2.Corpus(name="aime25")
    done = await chimera("build", "run", "small.yaml", "--json", **at)
    assert done.code == 0, done.err
    ordered = gateway.submitted[0].spec.similarity
    assert ordered.benchmarks[1] in verifier.corpora.corpora
    assert "importing mine.jsonl as mine-" in done.err
    assert json.loads(done.out.splitlines()[-1])["type"] == "result"


async def test_build_run_asks_for_the_verifier_of_a_gateway_elsewhere(gateway, folder):
    refused = await chimera("build", "run", "small.yaml", cwd=folder, CHIMERA_GATEWAY=gateway.target)
    assert (refused.code, gateway.submitted) == (2, [])
    assert "verifier: the gateway is named and the verifier is not" in refused.err
