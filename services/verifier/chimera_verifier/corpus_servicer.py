"""The gRPC calls about corpora."""

from collections.abc import AsyncIterator

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.corpus.v1 import corpus_pb2
from chimera.corpus.v1 import corpus_service_pb2 as pb
from chimera.corpus.v1 import corpus_service_pb2_grpc as rpc
from chimera_shared.errors import InvalidInput, NotFound
from chimera_shared.paging import Page
from chimera_verifier.corpora import Corpora
from chimera_verifier.similarity import Similarity
from chimera_verifier.store import CorpusStore


class CorpusServicer(rpc.CorpusServiceServicer):
    """Keeps corpora and finds what in them is like a problem."""

    def __init__(self, corpora: Corpora, store: CorpusStore, similarity: Similarity) -> None:
        self._corpora = corpora
        self._store = store
        self._similarity = similarity

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        rpc.add_CorpusServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["CorpusService"]

    async def ImportCorpus(self, parts: AsyncIterator[pb.ImportCorpusRequest], context: object) -> corpus_pb2.Corpus:
        """Store a corpus."""
        return await self._corpora.take_in(parts)

    async def GetCorpus(self, request: pb.GetCorpusRequest, context: object) -> corpus_pb2.Corpus:
        """One corpus."""
        if (found := await self._store.find(request.name)) is None:
            raise NotFound(f"the corpus {request.name[:80]!r} is not there")
        return found

    async def ReadCorpus(self, request: pb.ReadCorpusRequest, context: object) -> AsyncIterator[corpus_pb2.CorpusItem]:
        """Every item of a corpus."""
        async for item in self._corpora.read(request.name):
            yield item

    async def ListCorpora(self, request: pb.ListCorporaRequest, context: object) -> pb.ListCorporaResponse:
        """Corpora by name."""
        page = Page.of(request)
        found = await self._store.page(page.token, page.size + 1)
        more = len(found) > page.size
        return pb.ListCorporaResponse(
            corpora=found[: page.size], next_page_token=found[page.size - 1].name if more else ""
        )

    async def DeleteCorpus(self, request: pb.DeleteCorpusRequest, context: object) -> pb.DeleteCorpusResponse:
        """Forget a corpus."""
        await self._corpora.delete(request.name)
        return pb.DeleteCorpusResponse()

    async def FindSimilar(self, request: pb.FindSimilarRequest, context: object) -> pb.FindSimilarResponse:
        """What is like a statement."""
        if not request.statement.strip():
            raise InvalidInput.of("statement", "is required")
        matches = await self._similarity.find(request.statement, request.corpora, request.benchmarks, request.build_id)
        return pb.FindSimilarResponse(matches=matches)
