"""The smallest pipeline on the stage engine: propose a problem, judge it; with all that a build's stages have.

Each row is an event on Kafka, an outcome and a ledger entry in MongoDB at both stages, and a reservation of budget. It
is what `peers/` compares with tools that hold rows in memory, and what a model call costs is measured on.

python tests/benchmarks/twostage.py BASE_URL [--rows N] [--limit N]    prints one JSON line
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import psutil
from google.protobuf.message import Message
from pydantic import BaseModel

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, mongo, topics
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters
from chimera_shared.endpoints.asking import Asking
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import BusUnavailable
from chimera_shared.lifecycle import Service, settle_interpreter
from chimera_shared.outcomes import OutcomeStore
from chimera_shared.prompts import Messages
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_shared.stage import Decision, Stage
from chimera_shared.together import all_of
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore

BUILD = "b00000000twostage"
ENDPOINT = "bench"
PROPOSE = (
    "Propose problem number {row} of a set: short, self-contained, with one answer. Answer as JSON: problem, answer."
)
JUDGE = "Judge whether this problem is well-posed: {problem} Answer as JSON: verdict (good or bad), reason."


class Proposal(BaseModel):
    """What stage 1 asks for."""

    problem: str
    answer: str


class Verdict(BaseModel):
    """What stage 2 asks for."""

    verdict: Literal["good", "bad"]
    reason: str


@dataclass
class Result:
    """What came of the rows, and what they cost."""

    rows: list[dict[str, str]] = field(default_factory=list)
    failed: int = 0
    began: float = 0.0
    """When the rows were handed out, on the clock of `time.time()`."""
    active_seconds: float = 0.0
    processor_seconds: float = 0.0
    """Of this process, from handing out the rows to the last one's end."""
    children_processor_seconds: dict[str, float] = field(default_factory=dict)


class Work:
    """The decisions of both stages."""

    def __init__(self, models: Models, outcomes: OutcomeStore, rows: int) -> None:
        self.done = asyncio.Event()
        self.result = Result()
        self._models = models
        self._outcomes = outcomes
        self._left = rows

    def stages(
        self, proposals: OutcomeStore
    ) -> Sequence[Stage[events_pb2.ProblemRequested] | Stage[events_pb2.ProblemProposed]]:
        """Both stages."""
        return [
            Stage(
                "propose",
                consumes=topics.PROBLEM_REQUESTED,
                publishes=(topics.PROBLEM_PROPOSED,),
                decision=Decision(self.propose, _unproposed, proposals),
            ),
            Stage(
                "judge",
                consumes=topics.PROBLEM_PROPOSED,
                publishes=(topics.SAMPLE_SETTLED,),
                decision=Decision(self.judge, _unjudged, self),
            ),
        ]

    async def propose(self, event: events_pb2.ProblemRequested, build: build_pb2.Build) -> Message:
        """Stage 1."""
        question = _question("proposer", build, PROPOSE.format(row=event.ref.slot), event.ref.seed)
        answer = await self._models.ask_structured(question, "problem", Proposal)
        reference = sample_pb2.Answer(value=answer.value.answer)
        problem = sample_pb2.Problem(statement=answer.value.problem, reference=reference, calls=answer.calls)
        return events_pb2.ProblemProposed(ref=event.ref, problem=problem)

    async def judge(self, event: events_pb2.ProblemProposed, build: build_pb2.Build) -> Message:
        """Stage 2."""
        sample = sample_pb2.Sample(ref=event.ref, problem=event.problem)
        if event.HasField("failure"):
            sample.outcome, sample.detail = sample_pb2.OUTCOME_UNKNOWN, event.failure.detail
            return events_pb2.SampleSettled(sample=sample)
        question = _question("judge", build, JUDGE.format(problem=event.problem.statement), event.ref.seed)
        answer = await self._models.ask_structured(question, "verdict", Verdict)
        good = answer.value.verdict == "good"
        sample.outcome = sample_pb2.OUTCOME_ACCEPTED if good else sample_pb2.OUTCOME_REJECTED
        sample.detail = answer.value.reason
        return events_pb2.SampleSettled(sample=sample)

    async def find(self, key: str) -> Message | None:
        """As the store."""
        return await self._outcomes.find(key)

    async def keep(self, key: str, event: Message) -> Message:
        """As the store; counts what is settled."""
        kept = await self._outcomes.keep(key, event)
        assert isinstance(kept, events_pb2.SampleSettled)
        sample = kept.sample
        if sample.outcome == sample_pb2.OUTCOME_UNKNOWN:
            self.result.failed += 1
        else:
            verdict = "good" if sample.outcome == sample_pb2.OUTCOME_ACCEPTED else "bad"
            problem, answer = sample.problem.statement, sample.problem.reference.value
            self.result.rows.append({"problem": problem, "answer": answer, "verdict": verdict, "reason": sample.detail})
        self._left -= 1
        if not self._left:
            self.done.set()
        return kept


async def run_twostage(endpoint: Endpoint, rows: int, folder: Path) -> Result:
    """Run all rows through both stages, on an embedded broker and store in `folder`."""
    settle_interpreter()
    broker, store = EmbeddedBroker(folder / "broker"), EmbeddedStore(folder / "store")
    await all_of(broker.start(), store.start())
    try:
        settings = ServiceSettings(
            kafka_bootstrap_servers=broker.bootstrap_servers, mongodb_uri=store.uri, instance="bench"
        )
        children = {name: psutil.Process(child.pid) for name, child in (("broker", broker), ("store", store))}
        return await _run(settings, endpoint, rows, children)
    finally:
        await all_of(broker.stop(), store.stop())


async def _run(settings: ServiceSettings, endpoint: Endpoint, rows: int, children: dict[str, psutil.Process]) -> Result:
    client = mongo.connect(settings.mongodb_uri)
    database = client["chimera_bench"]
    bus = Bus("bench", settings, DeadLetters(client[mongo.SHARED_DATABASE]["dead_letters"], "bench"))
    async with EndpointPool({ENDPOINT: endpoint}) as pool:
        asking = Asking.of_service("bench", settings, pool, client, bus.builds)
        work = Work(asking.models, OutcomeStore(database["settled"], events_pb2.SampleSettled), rows)
        for stage in work.stages(OutcomeStore(database["problems"], events_pb2.ProblemProposed)):
            bus.add(stage)
        server = RpcServer(settings, [])
        async with Service("bench", settings, bus, server, resources=[asking.purse], loops=asking.loops):
            await bus.publish(events_pb2.BuildChanged(build=_build()))
            before = {name: _seconds(child) for name, child in children.items()}
            result = work.result
            result.began, started, spent = time.time(), time.perf_counter(), time.process_time()
            await asyncio.gather(*(_hand_out(bus, row) for row in range(rows)))
            await work.done.wait()
            result.active_seconds = time.perf_counter() - started
            result.processor_seconds = time.process_time() - spent
            result.children_processor_seconds = {n: _seconds(c) - before[n] for n, c in children.items()}
    return result


async def _hand_out(bus: Bus, row: int) -> None:
    ref = sample_pb2.SampleRef(
        sample_id=identity.sample_id(BUILD, "rows", row, 0),
        build_id=BUILD,
        subject="rows",
        slot=row,
        seed=identity.seed("rows", row),
    )
    while True:
        try:
            return await bus.publish(events_pb2.ProblemRequested(ref=ref))
        except BusUnavailable:
            await asyncio.sleep(0.5)


def _build() -> build_pb2.Build:
    spec = build_pb2.BuildSpec(name="twostage", budget=build_pb2.Budget(calls=1_000_000))
    return build_pb2.Build(build_id=BUILD, spec=spec, state=build_pb2.BUILD_STATE_RUNNING, revision=1)


def _question(role: str, build: build_pb2.Build, text: str, seed: int) -> Question:
    messages: Messages = [{"role": "user", "content": text}]
    spec = build_pb2.RoleSpec(endpoints=[ENDPOINT])
    return Question(build_id=build.build_id, role=role, spec=spec, messages=messages, prompt_sha256="", seed=seed)


def _unproposed(event: events_pb2.ProblemRequested, failure: sample_pb2.Failure) -> Message:
    return events_pb2.ProblemProposed(ref=event.ref, failure=failure)


def _unjudged(event: events_pb2.ProblemProposed, failure: sample_pb2.Failure) -> Message:
    sample = sample_pb2.Sample(ref=event.ref, outcome=sample_pb2.OUTCOME_UNKNOWN, detail=failure.detail)
    return events_pb2.SampleSettled(sample=sample)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base_url", help="of the endpoint, up to and including /v1")
    parser.add_argument("--model", default="bench")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--limit", type=int, default=128, help="requests in flight")
    parser.add_argument("--output", type=Path, help="where to write the rows as JSON lines")
    options = parser.parse_args()
    endpoint = Endpoint(
        base_url=options.base_url, model=options.model, max_in_flight=options.limit, max_tokens=512, timeout_seconds=300
    )
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(run_twostage(endpoint, options.rows, Path(folder)))
    if options.output:
        options.output.write_text("".join(json.dumps(row) + "\n" for row in result.rows))
    figures = {name: value for name, value in asdict(result).items() if name != "rows"}
    ms = result.processor_seconds * 1000 / (2 * options.rows)
    json.dump({**figures, "rows": len(result.rows), "processor_ms_per_call": round(ms, 3)}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
