import json

import pytest

from chimera.corpus.v1 import corpus_pb2
from chimera_client import AsyncClient
from chimera_shared import errors
from unit.client.test_cli import chimera


def items(number):
    return [corpus_pb2.CorpusItem(item_id=str(i), statement=f"Prove {i} is odd?") for i in range(number)]


async def test_imports_in_parts_and_reads_them_all(verifier):
    async with AsyncClient(None, verifier.target) as client:
        corpus = await client.corpora.import_("mine", "a file", iter(items(450)))
        assert (corpus.items, corpus.source) == (450, "a file")
        assert [item async for item in client.corpora.read("mine")] == items(450)
        with pytest.raises(errors.AlreadyExists):
            await client.corpora.import_("mine", "a file", items(3))
        with pytest.raises(errors.InvalidInput, match=r"head\.name"):
            await client.corpora.import_("not a name", "", items(5000))


async def test_an_error_of_the_source_arrives_as_it_is_and_nothing_is_imported(verifier):
    def broken():
        yield from items(300)
        raise errors.InvalidInput.of("SOURCE", "line 301 is broken")

    async with AsyncClient(None, verifier.target) as client:
        with pytest.raises(errors.InvalidInput, match="line 301 is broken"):
            await client.corpora.import_("mine", "a file", broken())
        with pytest.raises(errors.NotFound):
            await client.corpora.get("mine")


async def test_lists_deletes_and_searches(verifier):
    async with AsyncClient(None, verifier.target) as client:
        for name in ("c", "a", "b"):
            await client.corpora.import_(name, "", items(1))
        assert [corpus.name async for corpus in client.corpora.list()] == ["a", "b", "c"]
        await client.corpora.delete("b")
        with pytest.raises(errors.NotFound):
            await client.corpora.delete("b")
        found = await client.corpora.find_similar("Prove it", ["a"], ["c"], "b0")
    assert [match.corpus for match in found] == ["a", "c"]
    assert verifier.corpora.searches[0].build_id == "b0"


async def test_a_file_becomes_a_corpus_that_is_shown_found_and_forgotten(verifier, tmp_path):
    path, at = tmp_path / "mine.jsonl", {"CHIMERA_VERIFIER": verifier.target, "cwd": tmp_path}
    path.write_text('{"problem": "How many \\u001b[31mprimes?", "answer": 25}\n{"problem": "Why?", "answer": "so"}\n')
    done = await chimera("corpora", "import", "mine", path, "--json", **at)
    assert (done.code, done.documents[0]["items"]) == (0, 2), done.err
    assert done.documents[0]["source"].startswith("mine.jsonl sha256:")
    listed = await chimera("corpora", "list", **at)
    assert "mine.jsonl" in listed.out
    shown = await chimera("corpora", "show", "mine", "--limit", 1, **at)
    assert "primes?" in shown.out
    assert "Why?" not in shown.out
    assert "\x1b" not in shown.out
    plain = await chimera("corpora", "show", "mine", "--json", **at)
    assert [document.get("statement") for document in plain.documents][1:] == ["How many \x1b[31mprimes?", "Why?"]
    found = await chimera("corpora", "find", "How many of them?", "--json", **at)
    assert [(match["corpus"], match["item"]) for match in found.documents] == [("mine", "")]
    nothing = await chimera("corpora", "find", "Which?", **at)
    assert (nothing.out, nothing.err) == ("", "nothing is like it\n")
    assert (await chimera("corpora", "rm", "mine", **at)).code == 0
    gone = await chimera("corpora", "show", "mine", **at)
    assert (gone.code, gone.err) == (2, "chimera: no corpus is named 'mine'\n")


async def test_what_cannot_be_imported_says_the_way_out(verifier, tmp_path):
    path, at = tmp_path / "mine.jsonl", {"CHIMERA_VERIFIER": verifier.target, "cwd": tmp_path}
    path.write_text('{"problem": "A?"}\n')
    assert (await chimera("corpora", "import", "mine", path, **at)).code == 0
    path.write_text('{"problem": "B?"}\n')
    other = await chimera("corpora", "import", "mine", path, **at)
    assert (other.code, "chimera corpora rm mine" in other.err) == (2, True)
    path.write_text(json.dumps({"problem": ["a list"]}))
    empty = await chimera("corpora", "import", "empty", path, **at)
    assert (empty.code, "has a statement; say which column" in empty.err) == (2, True)


async def test_beside_a_gateway_elsewhere_the_verifier_must_be_named(tmp_path):
    ended = await chimera("corpora", "list", cwd=tmp_path, CHIMERA_GATEWAY="127.0.0.1:9")
    assert (ended.code, ended.out) == (2, "")
    assert "verifier: the gateway is named and the verifier is not" in ended.err
