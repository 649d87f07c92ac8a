"""The synchronous client: the asynchronous one on an event loop of its own."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.deadletter.v1 import dead_letter_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.client import AsyncClient
from chimera_client.verifier import PATIENCE_SECONDS as CHECK_SECONDS
from chimera_client.watching import PATIENCE_SECONDS

if TYPE_CHECKING:
    from chimera_client.export import ExportSummary
    from chimera_shared.endpoints.config import Endpoint

T = TypeVar("T")


class Client:
    """As `AsyncClient`, without `await`. Safe to use from several threads; close it or use `with`."""

    def __init__(self, target: str | None = None, verifier: str | None = None) -> None:
        self._loop = _LoopThread()
        try:
            self._client = self._loop.run(_create(target, verifier))
        except BaseException:
            self._loop.stop()
            raise
        self.builds = SyncBuilds(self._client, self._loop)
        self.samples = SyncSamples(self._client, self._loop)
        self.datasets = SyncDatasets(self._client, self._loop)
        self.recalls = SyncRecalls(self._client, self._loop)
        self.dead_letters = SyncDeadLetters(self._client, self._loop)

    @property
    def target(self) -> str:
        """The gateway's address."""
        return self._client.target

    @property
    def verifier(self) -> "SyncVerifier":
        """Grades answers and checks problems; InvalidInput if no verifier is named."""
        return SyncVerifier(self._client, self._loop)

    @property
    def corpora(self) -> "SyncCorpora":
        """Imports, reads and searches corpora; InvalidInput if no verifier is named."""
        return SyncCorpora(self._client, self._loop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and end the thread; safe to call twice."""
        if self._loop.running:
            self._loop.run(self._client.close())
            self._loop.stop()


class SyncBuilds:
    """Submits, watches and steers builds."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._builds = client.builds
        self._loop = loop

    def submit(self, spec: build_pb2.BuildSpec, request_id: str | None = None) -> build_pb2.Build:
        """Order a build. The same `request_id` again returns the same build; without one every call is a new order."""
        return self._loop.run(self._builds.submit(spec, request_id))

    def fork(
        self, build_id: str, spec: build_pb2.BuildSpec | None = None, request_id: str | None = None
    ) -> build_pb2.Build:
        """Order `spec`, or the same as that build, and pay only for what no build of its ledger has asked."""
        return self._loop.run(self._builds.fork(build_id, spec, request_id))

    def get(self, build_id: str) -> build_pb2.Build:
        """One build; NotFound if there is none."""
        return self._loop.run(self._builds.get(build_id))

    def list(self) -> Iterator[build_pb2.Build]:
        """All builds, newest first, page by page."""
        return self._loop.iterate(self._builds.list())

    def watch(self, build_id: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[build_pb2.Build]:
        """The build now and after every change, until it has ended."""
        return self._loop.iterate(self._builds.watch(build_id, patience_seconds))

    def pause(self, build_id: str) -> build_pb2.Build:
        """Start no new work until it is resumed; FailedPrecondition if it has ended."""
        return self._loop.run(self._builds.pause(build_id))

    def resume(self, build_id: str) -> build_pb2.Build:
        """Go on with a paused build; FailedPrecondition if it has ended."""
        return self._loop.run(self._builds.resume(build_id))

    def cancel(self, build_id: str) -> build_pb2.Build:
        """End a build for good; what was accepted stays readable."""
        return self._loop.run(self._builds.cancel(build_id))


class SyncSamples:
    """Reads settled samples with their evidence."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._samples = client.samples
        self._loop = loop

    def get(self, sample_id: str, version: int = 0) -> sample_pb2.Sample:
        """One sample, with its newest evidence or that of a version of its dataset."""
        return self._loop.run(self._samples.get(sample_id, version))

    def list(
        self,
        build_id: str,
        outcome: int = sample_pb2.OUTCOME_UNSPECIFIED,
        reason: int = sample_pb2.REASON_UNSPECIFIED,
        subject: str = "",
        evidence: sample_pb2.EvidenceFilter | None = None,
        version: int = 0,
    ) -> Iterator[sample_pb2.Sample]:
        """The settled samples of a build in the order of their ids, page by page; the filters are joined by *and*."""
        return self._loop.iterate(self._samples.list(build_id, outcome, reason, subject, evidence, version))

    def controls(self, build_id: str) -> Iterator[control_pb2.Control]:
        """The control problems of a build in the order of their ids, page by page."""
        return self._loop.iterate(self._samples.controls(build_id))


class SyncDatasets:
    """Reads and exports published datasets."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._datasets = client.datasets
        self._loop = loop

    def get(self, dataset_id: str) -> dataset_pb2.Dataset:
        """One dataset; NotFound if there is none."""
        return self._loop.run(self._datasets.get(dataset_id))

    def list(self, build_id: str = "") -> Iterator[dataset_pb2.Dataset]:
        """All datasets or, of a build, every version of its own; newest first, page by page."""
        return self._loop.iterate(self._datasets.list(build_id))

    def history(self, dataset_id: str) -> Sequence[dataset_pb2.Dataset]:
        """Every version of the dataset, whichever of them is named, the first one first."""
        return self._loop.run(self._datasets.history(dataset_id))

    def version(self, dataset_id: str, version: int) -> dataset_pb2.Dataset:
        """A version of the dataset; NotFound, with those that there are, if there is no such version."""
        return self._loop.run(self._datasets.version(dataset_id, version))

    def read(self, dataset_id: str) -> Iterator[sample_pb2.Sample]:
        """Every sample of the dataset, by subject in the build's order and then by slot."""
        return self._loop.iterate(self._datasets.read(dataset_id))

    def export(
        self,
        dataset_id: str,
        directory: Path,
        endpoints: "Mapping[str, Endpoint] | None" = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> "ExportSummary":
        """Write the dataset to a new folder, whole or not at all."""
        return self._loop.run(self._datasets.export(dataset_id, directory, endpoints, progress))


class SyncRecalls:
    """Has samples verified again whose evidence turned out bad."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._recalls = client.recalls
        self._loop = loop

    def start(
        self,
        dataset_id: str,
        evidence: sample_pb2.EvidenceFilter,
        reason: str,
        replacements: build_pb2.Roles | None = None,
        request_id: str | None = None,
        budget: build_pb2.Budget | None = None,
    ) -> recall_pb2.Recall:
        """Recall the samples of the dataset's newest version that rest on such evidence."""
        return self._loop.run(self._recalls.start(dataset_id, evidence, reason, replacements, request_id, budget))

    def preview(
        self,
        dataset_id: str,
        evidence: sample_pb2.EvidenceFilter,
        reason: str,
        replacements: build_pb2.Roles | None = None,
        budget: build_pb2.Budget | None = None,
    ) -> recall_pb2.Recall:
        """What `start` would begin, and how many samples it would select; nothing is started."""
        return self._loop.run(self._recalls.preview(dataset_id, evidence, reason, replacements, budget))

    def get(self, recall_id: str) -> recall_pb2.Recall:
        """One recall; NotFound if there is none."""
        return self._loop.run(self._recalls.get(recall_id))

    def list(self) -> Iterator[recall_pb2.Recall]:
        """All recalls, newest first, page by page."""
        return self._loop.iterate(self._recalls.list())

    def watch(self, recall_id: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[recall_pb2.Recall]:
        """The recall now and after every change, until it has ended."""
        return self._loop.iterate(self._recalls.watch(recall_id, patience_seconds))

    def cancel(self, recall_id: str) -> recall_pb2.Recall:
        """End a recall; the dataset stays as it was. FailedPrecondition if it has ended otherwise."""
        return self._loop.run(self._recalls.cancel(recall_id))


class SyncDeadLetters:
    """Reads messages that a stage could not work on, sends them again, and discards them."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._letters = client.dead_letters
        self._loop = loop

    def list(self, stage: str = "") -> Iterator[dead_letter_pb2.DeadLetter]:
        """The open ones, oldest message first, without values and headers, page by page."""
        return self._loop.iterate(self._letters.list(stage))

    def stages(self) -> Sequence[dead_letter_pb2.StageLetters]:
        """How many letters each stage has, of those that have any; at its bound a stage stands still."""
        return self._loop.run(self._letters.stages())

    def get(self, dead_letter_id: str) -> dead_letter_pb2.DeadLetter:
        """One letter as it came; NotFound if there is none."""
        return self._loop.run(self._letters.get(dead_letter_id))

    def replay(self, *dead_letter_ids: str) -> Sequence[str]:
        """Send letters to their topics again, each as it came; one that is refused again becomes another letter."""
        return self._loop.run(self._letters.replay(*dead_letter_ids))

    def replay_stage(self, stage: str) -> Sequence[str]:
        """Send all letters of a stage again that it has at the beginning."""
        return self._loop.run(self._letters.replay_stage(stage))

    def discard(self, *dead_letter_ids: str) -> Sequence[str]:
        """Set letters aside that are of no use; each can be read and replayed for another seven days."""
        return self._loop.run(self._letters.discard(*dead_letter_ids))

    def discard_stage(self, stage: str) -> Sequence[str]:
        """Set all letters of a stage aside that it has at the beginning."""
        return self._loop.run(self._letters.discard_stage(stage))


class SyncVerifier:
    """Grades answers and checks problems."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._verifier = client.verifier
        self._loop = loop

    def grade(
        self,
        reference: sample_pb2.Answer,
        response: str,
        statement: str = "",
        judge: build_pb2.RoleSpec | None = None,
        second_judge: build_pb2.RoleSpec | None = None,
        patience_seconds: float = CHECK_SECONDS,
    ) -> sample_pb2.Grade:
        """The final answer of a response, or a bare answer, against the reference; judges decide where no rule does."""
        return self._loop.run(
            self._verifier.grade(reference, response, statement, judge, second_judge, patience_seconds)
        )

    def check(
        self,
        spec: build_pb2.BuildSpec,
        sample: sample_pb2.Sample,
        scope: str,
        patience_seconds: float = CHECK_SECONDS,
    ) -> sample_pb2.Sample:
        """What a build of that spec would make of the sample's problem, and of its solution if it has one."""
        return self._loop.run(self._verifier.check(spec, sample, scope, patience_seconds))


class SyncCorpora:
    """Imports, reads and searches corpora."""

    def __init__(self, client: AsyncClient, loop: "_LoopThread") -> None:
        self._corpora = client.corpora
        self._loop = loop

    def import_(self, name: str, source: str, items: Iterable[corpus_pb2.CorpusItem]) -> corpus_pb2.Corpus:
        """Store problems under a name; the same name with other content is AlreadyExists."""
        return self._loop.run(self._corpora.import_(name, source, items))

    def get(self, name: str) -> corpus_pb2.Corpus:
        """One corpus; NotFound if there is none."""
        return self._loop.run(self._corpora.get(name))

    def list(self) -> Iterator[corpus_pb2.Corpus]:
        """All corpora by name, page by page."""
        return self._loop.iterate(self._corpora.list())

    def read(self, name: str) -> Iterator[corpus_pb2.CorpusItem]:
        """Every problem of a corpus, in their order; NotFound if there is none."""
        return self._loop.iterate(self._corpora.read(name))

    def delete(self, name: str) -> None:
        """Forget a corpus; NotFound if there is none."""
        self._loop.run(self._corpora.delete(name))

    def find_similar(
        self, statement: str, corpora: Sequence[str] = (), benchmarks: Sequence[str] = (), build_id: str = ""
    ) -> Sequence[sample_pb2.Match]:
        """Problems of these corpora and of that build that are like the statement, most alike first."""
        return self._loop.run(self._corpora.find_similar(statement, corpora, benchmarks, build_id))


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chimera-client", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work; an interrupt here cancels it there."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items one by one; leaving the loop early ends the call behind them."""
        try:
            while found := self.run(_next(items)):
                yield found[0]
        finally:
            if isinstance(items, AsyncGenerator) and self.running:
                self.run(_close(items))

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _create(target: str | None, verifier: str | None) -> AsyncClient:
    return AsyncClient(target, verifier)  # gRPC binds a channel to the loop it is made on


async def _next(items: AsyncIterator[T]) -> tuple[T] | None:
    async for item in items:
        return (item,)
    return None


async def _close(items: AsyncGenerator[T, None]) -> None:
    await items.aclose()
