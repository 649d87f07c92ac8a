"""Whether the stated error rates of a verifier are the true ones.

The panel's members are procedural models of known accuracy, so the true rate of every error can be reckoned: a member
solves a problem with a known chance, and otherwise misreads it in one of a few ways. Mistakes are planted at a known
rate: reference answers that are the commonest misreading, which a member may well make too. What the verifier states
of itself, from its verdicts alone, is compared with that.
"""

import argparse
import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import aiohttp

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration import Calibration, Rate
from chimera_client.client import AsyncClient
from chimera_inference.domain import teacher
from chimera_inference.domain.answers import Answer
from chimera_inference.domain.taxonomy import procedural_taxonomy
from chimera_shared import identity
from chimera_standalone.app import Standalone
from chimera_verifier.domain.comparison import compare

ACCURACIES: Mapping[str, float] = {"procedural-strong": 0.8, "procedural-medium": 0.55}
MISTAKEN = 0.5
"""The rate at which mistakes are planted."""
_TEMPTING = 0.25
"""Share of all misreadings that a planted one has at least: mistakes that no member makes measure nothing."""
_LOOK = 8
_AT_ONCE = 64
_DECIDED_BY_RULE = frozenset({"number", "choice"})
"""Types of answers about which rules always decide, so that no vote is lost."""
RULES: Mapping[str, build_pb2.BuildSpec] = {
    "unanimous": build_pb2.BuildSpec(panel_rule=build_pb2.PANEL_RULE_UNANIMOUS),
    "one of two": build_pb2.BuildSpec(panel_rule=build_pb2.PANEL_RULE_WEIGHTED, panel_threshold=0.5),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A control, and how likely each member of the panel agrees with its reference answer."""

    control: control_pb2.Control
    chances: tuple[float, ...]

    def passes(self, rule: str) -> float:
        """How likely the panel accepts it."""
        if rule == "unanimous":
            return math.prod(self.chances)
        return 1 - math.prod(1 - chance for chance in self.chances)


def trials(number: int, seed: int, draws: int) -> list[Trial]:
    """Controls over the procedural families that rules can grade, half of them mistakes.

    How often a misreading is the planted one is counted over `draws` misreadings of each problem.
    """
    taxonomy, rng, found = procedural_taxonomy(), Random(seed), list[Trial]()
    places = [(s, f, t) for s, fields in taxonomy.subjects.items() for f, topics in fields.items() for t in topics]
    while len(found) < number:
        subject, field, topic = rng.choice(places)
        proposal = teacher.propose(taxonomy, subject, field, topic, rng, wrong=False)
        if proposal is None or proposal.answer.type not in _DECIDED_BY_RULE:
            continue
        mistaken = len(found) < MISTAKEN * number
        reference, missed = proposal.answer, 0.0
        if mistaken:
            reference, missed = _commonest_misreading(proposal.statement, rng, draws)
            if missed < _TEMPTING:
                continue
        chances = [teacher.chance(proposal.statement, accuracy) for accuracy in ACCURACIES.values()]
        agrees = tuple((1 - chance) * missed if mistaken else chance for chance in chances)
        found.append(Trial(_control(proposal.statement, reference, subject, len(found), mistaken), agrees))
    return found


def truth(tried: Sequence[Trial], rule: str, *, mistakes: bool) -> float:
    """The true share that is accepted of the mistakes, or refused of what is right."""
    wrong = control_pb2.CONTROL_KIND_WRONG_ANSWER
    passed = [trial.passes(rule) for trial in tried if (trial.control.kind == wrong) is mistakes]
    return sum(passed) / len(passed) if mistakes else 1 - sum(passed) / len(passed)


async def stated(client: AsyncClient, tried: Sequence[Trial], rule: str) -> Calibration:
    """What the verifier's verdicts say of it."""
    spec, found, places = build_pb2.BuildSpec(), Calibration(), asyncio.Semaphore(_AT_ONCE)
    spec.CopyFrom(RULES[rule])
    spec.roles.panel.extend(build_pb2.RoleSpec(endpoints=[name]) for name in ACCURACIES)

    async def one(trial: Trial, number: int) -> control_pb2.Control:
        control = control_pb2.Control.FromString(trial.control.SerializeToString())
        async with places:  # a scope each: two trials may pose one problem
            scope = f"truth-{rule.replace(' ', '-')}-{number}"
            control.sample.CopyFrom(await client.verifier.check(spec, control.sample, scope))
        return control

    for done in asyncio.as_completed([one(trial, number) for number, trial in enumerate(tried)]):
        found.add(await done)
    return found


async def measured_by(
    services: Standalone, client: AsyncClient, number: int, seed: int, draws: int
) -> AsyncIterator[tuple[str, str, Rate, float]]:
    """Rule, kind of error, the stated rate and the true one."""
    dials = {name: {"accuracy": accuracy} for name, accuracy in ACCURACIES.items()}
    url = f"{services.endpoints['procedural-teacher'].base_url}/dials"
    async with (
        aiohttp.ClientSession() as http,
        http.put(url, json={"latency_mean_seconds": 0, "models": dials}) as answer,
    ):
        answer.raise_for_status()
    tried = trials(number, seed, draws)
    for rule in RULES:
        found = await stated(client, tried, rule)
        yield rule, "false accepts", found.all.false_accepts, truth(tried, rule, mistakes=True)
        yield rule, "false rejects", found.all.false_rejects, truth(tried, rule, mistakes=False)


async def run(options: argparse.Namespace) -> list[dict[str, object]]:
    """Stated rates, their intervals and the truth, on `--controls` controls under each rule."""
    figures = []
    with TemporaryDirectory() as folder:
        async with (
            Standalone(Path(folder), {}) as services,
            AsyncClient(services.gateway_target, services.verifier_target) as client,
        ):
            async for rule, error, rate, true in measured_by(services, client, options.controls, seed=1, draws=40):
                figures.append(
                    {"benchmark": "calibration", "rule": rule, "error": error, **rate.plain(), "truth": round(true, 4)}
                    | {"inside": rate.low <= true <= rate.high}
                )
    return figures


def _misread(statement: str, rng: Random) -> Answer:
    attempt = teacher.solve(statement, rng, wrong=True)
    assert attempt is not None, "the engine solves what it proposes"
    assert attempt.answer is not None
    return attempt.answer


def _commonest_misreading(statement: str, rng: Random, draws: int) -> tuple[Answer, float]:
    """The answer, found in a few misreadings, and its share of many others, which do not flatter it."""
    planted, times = Counter(_misread(statement, rng) for _ in range(_LOOK)).most_common(1)[0]
    if times < _TEMPTING * _LOOK:
        return planted, 0.0
    reference = _proto(planted)
    others = (_misread(statement, rng) for _ in range(draws))
    graded = [compare(reference, f"{answer.value} {answer.unit}".strip()).verdict for answer in others]
    return planted, graded.count(sample_pb2.VERDICT_CORRECT) / draws


def _control(statement: str, reference: Answer, subject: str, number: int, mistaken: bool) -> control_pb2.Control:
    kind = control_pb2.CONTROL_KIND_WRONG_ANSWER if mistaken else control_pb2.CONTROL_KIND_GOOD
    name = identity.digest("trial", number)[:32]
    ref = sample_pb2.SampleRef(sample_id=name, subject=subject, seed=identity.seed("trial", number))
    problem = sample_pb2.Problem(statement=statement, reference=_proto(reference))
    return control_pb2.Control(control_id=name, kind=kind, sample=sample_pb2.Sample(ref=ref, problem=problem))


def _proto(answer: Answer) -> sample_pb2.Answer:
    return sample_pb2.Answer(
        type=f"ANSWER_TYPE_{answer.type.upper()}",
        value=answer.value,
        unit=answer.unit,
        tolerance=answer.tolerance,
        choices=answer.choices,
    )
