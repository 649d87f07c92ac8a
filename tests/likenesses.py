"""Similarity over stores in memory, and sentence embeddings that cost nothing."""

import hashlib

import numpy as np

from chimera_shared.testing.logs import MemoryLogs
from chimera_verifier.corpora import Corpora
from chimera_verifier.reader import Reader
from chimera_verifier.similarity import Similarity
from chimera_verifier.statements import Statements


class Words:
    """Embeds a text as the sum of a random direction for each of its words."""

    def embed(self, texts):
        return np.array([self._one(text) for text in texts], dtype=np.float32)

    def _one(self, text):
        total = np.full(512, 1e-3)
        for word in text.casefold().split():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(512)
        return total / np.linalg.norm(total)


class Heads:
    """Corpora by name, as `CorpusStore` keeps them."""

    def __init__(self):
        self.heads, self.begun = {}, set()

    async def find(self, name):
        return self.heads.get(name, (None, None))[0]

    async def scope(self, name):
        return self.heads.get(name, (None, None))[1]

    async def add(self, corpus, scope):
        return self.heads.setdefault(corpus.name, (corpus, scope))[1] == scope

    async def remove(self, name):
        self.heads.pop(name, None)

    async def begin(self, scope):
        self.begun.add(scope)

    async def end(self, scope):
        self.begun.discard(scope)

    async def broken_off(self):
        return [scope for scope in self.begun if scope not in {s for _, s in self.heads.values()}]


class NoJudge:
    """Is asked nothing."""

    async def relation(self, *asked):
        raise AssertionError("no judge is named")


def similarity(logs=None, heads=None, embedder=None, judge=None):
    """A Similarity of its own, like one more replica if it is given the stores of another."""
    logs, heads, reader = logs or MemoryLogs(), heads or Heads(), Reader(embedder or Words())
    return Similarity(Statements(logs, reader), Corpora(heads, logs, reader), reader, judge or NoJudge())
