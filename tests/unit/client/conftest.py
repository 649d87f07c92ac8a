"""A gateway and a verifier in the test's process, behind the server that the real ones use."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.corpus.v1 import corpus_pb2, corpus_service_pb2, corpus_service_pb2_grpc
from chimera.dataset.v1 import dataset_pb2, dataset_service_pb2, dataset_service_pb2_grpc
from chimera.recall.v1 import recall_pb2, recall_service_pb2, recall_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from chimera.verifier.v1 import verifier_service_pb2, verifier_service_pb2_grpc
from chimera_shared import errors, identity
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_shared.testing.samples import make_build, make_dataset, make_samples


class Gateway:
    """Holds builds by id; every test may change what it holds. `steps` are the states that a watch sends."""

    PAGE = 2

    def __init__(self) -> None:
        self.builds = {}
        self.requests = {}
        self.samples = {}
        self.datasets = {}
        self.controls = []
        self.former = {}
        self.recalls = {}
        self.watched = asyncio.Event()
        self.submitted = []
        self.evidence = None
        self.watches = 0
        self.break_after = None
        self.hold = None
        self.failure = None
        self.target = ""

    def add(self, build):
        build.build_id = build.build_id or "b0"
        self.builds[build.build_id] = build
        self.datasets[build.dataset_id] = make_dataset(build)
        for sample in make_samples(build):
            self.samples[sample.ref.sample_id] = sample
        return build

    def outcome_of(self, spec, build_id):
        """What a submitted build becomes: one that succeeds with what was asked for."""
        build = make_build(spec.samples, [s.name for s in spec.subjects], name=spec.name)
        build.build_id, build.dataset_id = build_id, identity.dataset_id(build_id)
        return build


class BuildServicer(build_service_pb2_grpc.BuildServiceServicer):
    def __init__(self, gateway):
        self.gateway = gateway

    def _get(self, build_id):
        if self.gateway.failure:
            raise self.gateway.failure
        if build_id not in self.gateway.builds:
            raise errors.NotFound(f"no build {build_id}")
        return self.gateway.builds[build_id]

    async def SubmitBuild(self, request, context):
        if not request.spec.samples:
            raise errors.InvalidInput(
                [errors.Violation("samples", "must be from 1"), errors.Violation("name", "must be a word")]
            )
        self.gateway.submitted.append(request)
        build_id = identity.build_id(request.request_id)
        if build_id not in self.gateway.builds:
            self.gateway.add(self.gateway.outcome_of(request.spec, build_id))
        return self.gateway.builds[build_id]

    async def GetBuild(self, request, context):
        return self._get(request.build_id)

    async def ListBuilds(self, request, context):
        found, start = list(self.gateway.builds.values()), int(request.page_token or 0)
        end = start + Gateway.PAGE
        return build_service_pb2.ListBuildsResponse(
            builds=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    async def WatchBuild(self, request, context):
        build = self._get(request.build_id)
        self.gateway.watches += 1
        running = build_pb2.Build()
        running.CopyFrom(build)
        if build.state != build_pb2.BUILD_STATE_PAUSED:
            running.state = build_pb2.BUILD_STATE_RUNNING
        yield running
        if self.gateway.break_after and self.gateway.watches <= self.gateway.break_after:
            raise errors.StoreUnavailable("MongoDB does not answer")
        if self.gateway.hold:
            await self.gateway.hold.wait()
        yield self.gateway.builds[request.build_id]

    async def PauseBuild(self, request, context):
        build = self._get(request.build_id)
        if build.state not in (build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_PAUSED):
            raise errors.FailedPrecondition(f"build {request.build_id} has ended")
        build.state = build_pb2.BUILD_STATE_PAUSED
        return build

    async def ResumeBuild(self, request, context):
        build = self._get(request.build_id)
        build.state = build_pb2.BUILD_STATE_SUCCEEDED
        return build

    async def CancelBuild(self, request, context):
        build = self._get(request.build_id)
        build.state = build_pb2.BUILD_STATE_CANCELLED
        return build


class SampleServicer(sample_service_pb2_grpc.SampleServiceServicer):
    def __init__(self, gateway):
        self.gateway = gateway

    async def GetSample(self, request, context):
        if request.sample_id not in self.gateway.samples:
            raise errors.NotFound(f"no sample {request.sample_id}")
        return self._as_of(request.sample_id, request.version)

    def _as_of(self, sample_id, version):
        return self.gateway.former.get((sample_id, version), self.gateway.samples[sample_id])

    async def ListSamples(self, request, context):
        self.gateway.evidence = request.evidence
        found = [
            sample
            for sample in (self._as_of(name, request.version) for name in sorted(self.gateway.samples))
            if sample.ref.build_id == request.build_id
            and request.outcome in (0, sample.outcome)
            and request.reason in (0, sample.reason)
            and request.subject in ("", sample.ref.subject)
        ]
        start = int(request.page_token or 0)
        end = start + Gateway.PAGE
        return sample_service_pb2.ListSamplesResponse(
            samples=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    async def ListControls(self, request, context):
        return sample_service_pb2.ListControlsResponse(controls=self.gateway.controls)


class DatasetServicer(dataset_service_pb2_grpc.DatasetServiceServicer):
    def __init__(self, gateway):
        self.gateway = gateway

    async def GetDataset(self, request, context):
        if request.dataset_id not in self.gateway.datasets:
            raise errors.NotFound(f"no dataset {request.dataset_id}")
        return self.gateway.datasets[request.dataset_id]

    async def ListDatasets(self, request, context):
        wanted = [d for d in self.gateway.datasets.values() if request.build_id in ("", d.build_id)]
        return dataset_service_pb2.ListDatasetsResponse(datasets=wanted)

    async def ReadDataset(self, request, context):
        dataset = self.gateway.datasets[request.dataset_id]
        for sample in list(make_samples(self.gateway.builds[dataset.build_id]))[: dataset.samples]:
            yield sample


class RecallServicer(recall_service_pb2_grpc.RecallServiceServicer):
    """Every recall selects four samples and withdraws one of them, unless it is held.

    One call suffices for none, and one dollar is refused.
    """

    def __init__(self, gateway):
        self.gateway = gateway

    async def StartRecall(self, request, context):
        dataset = self.gateway.datasets[request.dataset_id]
        if request.budget.cost_nanousd == 10**9:
            raise errors.InvalidInput.of("budget.cost_nanousd", "limits money, but nothing has a price")
        recall = recall_pb2.Recall(
            dataset_id=dataset.dataset_id,
            build_id=dataset.build_id,
            evidence=request.evidence,
            replacements=request.replacements,
            reason=request.reason,
            budget=request.budget,
            state=recall_pb2.RECALL_STATE_RUNNING,
            selected=4,
        )
        if not request.validate_only:
            recall.recall_id = f"r{len(self.gateway.recalls)}"
            self.gateway.recalls[recall.recall_id] = recall
        return recall

    async def GetRecall(self, request, context):
        if request.recall_id not in self.gateway.recalls:
            raise errors.NotFound(f"no recall {request.recall_id}")
        return self.gateway.recalls[request.recall_id]

    async def ListRecalls(self, request, context):
        return recall_service_pb2.ListRecallsResponse(recalls=self.gateway.recalls.values())

    async def WatchRecall(self, request, context):
        recall = await self.GetRecall(request, context)
        yield recall
        self.gateway.watched.set()
        if self.gateway.hold:
            await self.gateway.hold.wait()
        if recall.state == recall_pb2.RECALL_STATE_RUNNING:
            self._end(recall)
        yield recall

    async def CancelRecall(self, request, context):
        recall = await self.GetRecall(request, context)
        recall.state = recall_pb2.RECALL_STATE_CANCELLED
        return recall

    def _end(self, recall):
        old = self.gateway.datasets[recall.dataset_id]
        new = dataset_pb2.Dataset()
        new.CopyFrom(old)
        new.dataset_id, new.version, new.samples = f"{old.dataset_id}-2", 2, old.samples - 1
        new.parent_id, new.recall_id, new.change = old.dataset_id, recall.recall_id, "4 samples: 3 kept, 1 withdrawn"
        self.gateway.datasets[new.dataset_id] = new
        if recall.budget.calls == 1:
            recall.state, recall.detail = recall_pb2.RECALL_STATE_FAILED, "the budget of 1 model calls is spent"
            return
        recall.state, recall.new_dataset_id = recall_pb2.RECALL_STATE_SUCCEEDED, new.dataset_id
        recall.kept, recall.withdrawn = 3, 1


def _register(add, servicer, module, name):
    def register(server):
        add(servicer, server)
        return module.DESCRIPTOR.services_by_name[name]

    return register


def serve(gateway: Gateway, port: int = 0) -> RpcServer:
    """A server for the gateway, to be used as `async with`."""
    return RpcServer(
        ServiceSettings(host="127.0.0.1", port=port),
        [
            _register(
                build_service_pb2_grpc.add_BuildServiceServicer_to_server,
                BuildServicer(gateway),
                build_service_pb2,
                "BuildService",
            ),
            _register(
                sample_service_pb2_grpc.add_SampleServiceServicer_to_server,
                SampleServicer(gateway),
                sample_service_pb2,
                "SampleService",
            ),
            _register(
                dataset_service_pb2_grpc.add_DatasetServiceServicer_to_server,
                DatasetServicer(gateway),
                dataset_service_pb2,
                "DatasetService",
            ),
            _register(
                recall_service_pb2_grpc.add_RecallServiceServicer_to_server,
                RecallServicer(gateway),
                recall_service_pb2,
                "RecallService",
            ),
        ],
    )


@pytest.fixture
def new_gateway():
    """Makes a gateway and its server, for tests that start and stop it themselves."""
    return Gateway, serve


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that serves at `gateway.target`."""
    held = Gateway()
    held.hold = None
    async with serve(held) as server:
        held.target = server.target
        yield held
        if isinstance(held.hold, asyncio.Event):
            held.hold.set()


class Verifier(verifier_service_pb2_grpc.VerifierServiceServicer):
    """Calls correct what is word for word the reference, and accepts every problem; keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.corpora = CorpusServicer()
        self.target = ""

    async def Grade(self, request, context):
        self.asked.append(request)
        same = request.response == request.reference.value
        verdict = sample_pb2.VERDICT_CORRECT if same else sample_pb2.VERDICT_INCORRECT
        return sample_pb2.Grade(verdict=verdict, method="text", extracted=request.response)

    async def Check(self, request, context):
        if not request.scope:
            raise errors.InvalidInput.of("scope", "must be 1 to 64 letters, digits and -, not ''")
        self.asked.append(request)
        return sample_pb2.Sample(ref=request.sample.ref, outcome=sample_pb2.OUTCOME_ACCEPTED)


class CorpusServicer(corpus_service_pb2_grpc.CorpusServiceServicer):
    """Keeps corpora in memory; alike is what begins with the same word."""

    PAGE = 2

    def __init__(self):
        self.corpora = {}
        self.items = {}
        self.searches = []

    async def ImportCorpus(self, requests, context):
        head, items, sealed = None, [], False
        async for request in requests:
            if head is None:
                head = request.head
                if " " in head.name:
                    raise errors.InvalidInput.of("head.name", f"must be letters, digits, -, _ and ., not {head.name!r}")
            items += request.items.items
            sealed = request.sealed and request.HasField("items")
        if not sealed:
            raise errors.InvalidInput.of("items", "broke off")
        if head.name in self.items and self.items[head.name] != items:
            raise errors.AlreadyExists(f"{head.name} holds other problems")
        self.items[head.name] = items
        self.corpora[head.name] = corpus_pb2.Corpus(
            name=head.name, items=len(items), source=head.source, sha256="5" * 64
        )
        return self.corpora[head.name]

    def _get(self, name):
        if name not in self.corpora:
            raise errors.NotFound(f"no corpus is named {name!r}")
        return self.corpora[name]

    async def GetCorpus(self, request, context):
        return self._get(request.name)

    async def ReadCorpus(self, request, context):
        self._get(request.name)
        for item in self.items[request.name]:
            yield item

    async def ListCorpora(self, request, context):
        found, start = [corpus for _, corpus in sorted(self.corpora.items())], int(request.page_token or 0)
        end = start + CorpusServicer.PAGE
        return corpus_service_pb2.ListCorporaResponse(
            corpora=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    async def DeleteCorpus(self, request, context):
        self._get(request.name)
        del self.corpora[request.name], self.items[request.name]
        return corpus_service_pb2.DeleteCorpusResponse()

    async def FindSimilar(self, request, context):
        self.searches.append(request)
        matches = [
            sample_pb2.Match(
                relation=sample_pb2.RELATION_LEAK if name in request.benchmarks else sample_pb2.RELATION_DUPLICATE,
                corpus=name,
                item=item.item_id,
                method="embedding",
                score=0.91,
                excerpt=item.statement,
            )
            for name in (*request.corpora, *request.benchmarks)
            for item in self.items[name]
            if item.statement.split()[0] == request.statement.split()[0]
        ]
        return corpus_service_pb2.FindSimilarResponse(matches=matches)


@pytest.fixture
async def verifier() -> AsyncIterator[Verifier]:
    """A verifier that serves at `verifier.target`."""
    held = Verifier()
    servicers = [
        _register(
            verifier_service_pb2_grpc.add_VerifierServiceServicer_to_server,
            held,
            verifier_service_pb2,
            "VerifierService",
        ),
        _register(
            corpus_service_pb2_grpc.add_CorpusServiceServicer_to_server,
            held.corpora,
            corpus_service_pb2,
            "CorpusService",
        ),
    ]
    async with RpcServer(ServiceSettings(host="127.0.0.1", port=0), servicers) as server:
        held.target = server.target
        yield held
