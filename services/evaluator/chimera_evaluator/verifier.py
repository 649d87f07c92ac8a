"""The verifier's calls that an evaluation needs: grades, and the problems of corpora."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc

from chimera.corpus.v1 import corpus_pb2, corpus_service_pb2, corpus_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2, verifier_service_pb2_grpc
from chimera_shared.rpc.channel import DEADLINE_SECONDS, connect
from chimera_shared.rpc.status import to_error

_GRADE_SECONDS = 3_600.0
"""A judge may have to wait for its endpoint; a call that is broken off is asked again, and then from the ledger."""
_READ_SECONDS = 600.0


class Verifier:
    """A verifier at `host:port`. It connects at the first call; failures are the platform's errors."""

    def __init__(self, target: str) -> None:
        self._channel = connect(target)
        self._grading = verifier_service_pb2_grpc.VerifierServiceStub(self._channel)
        self._corpora = corpus_service_pb2_grpc.CorpusServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def grade(self, request: verifier_service_pb2.GradeRequest) -> sample_pb2.Grade:
        """The grade of a response."""
        try:
            grade: sample_pb2.Grade = await self._grading.Grade(request, timeout=_GRADE_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise to_error(error) from None
        return grade

    async def corpus(self, name: str) -> corpus_pb2.Corpus:
        """The head of a corpus; NotFound."""
        request = corpus_service_pb2.GetCorpusRequest(name=name)
        try:
            head: corpus_pb2.Corpus = await self._corpora.GetCorpus(request, timeout=DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise to_error(error) from None
        return head

    async def items(self, name: str) -> Sequence[corpus_pb2.CorpusItem]:
        """Every problem of a corpus, in their order; NotFound."""
        request = corpus_service_pb2.ReadCorpusRequest(name=name)
        try:
            return [item async for item in self._corpora.ReadCorpus(request, timeout=_READ_SECONDS)]
        except grpc.aio.AioRpcError as error:
            raise to_error(error) from None
