"""Whether the stated error rates of a verifier are the true ones.

The panel's members are procedural models of known accuracy, and the screener's verdicts are turned round at a known
rate, so the true rate of every error can be reckoned to the digit. Mistakes are planted at a known rate: problems that
are passed off as another subject's. What the verifier states of itself, from its verdicts alone, is compared with that.
"""

import argparse
import asyncio
import math
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
from chimera_inference.domain.taxonomy import procedural_taxonomy
from chimera_shared import identity
from chimera_standalone.app import Standalone

ACCURACIES: Mapping[str, float] = {"procedural-strong": 0.9, "procedural-medium": 0.75}
SCREENER, SCREENING_ERRORS = "procedural-teacher", 0.2
MISTAKEN = 0.5
"""The rate at which mistakes are planted."""
_AT_ONCE = 64
_DECIDED_BY_RULE = frozenset({"number", "choice"})
"""Types of answers about which rules always decide, so that no vote is lost."""
RULES: Mapping[str, build_pb2.BuildSpec] = {
    "unanimous": build_pb2.BuildSpec(panel_rule=build_pb2.PANEL_RULE_UNANIMOUS),
    "one of two": build_pb2.BuildSpec(panel_rule=build_pb2.PANEL_RULE_WEIGHTED, panel_threshold=0.5),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A control, and how likely each member of the panel solves it."""

    control: control_pb2.Control
    chances: tuple[float, ...]

    def passes(self, rule: str) -> float:
        """How likely the verifier accepts it: the screener answers three questions, then the panel solves it."""
        said = 1 - SCREENING_ERRORS
        screened = said * said * (SCREENING_ERRORS if self.mistaken else said)
        if rule == "unanimous":
            return screened * math.prod(self.chances)
        return screened * (1 - math.prod(1 - chance for chance in self.chances))

    @property
    def mistaken(self) -> bool:
        """Whether a mistake was planted."""
        return self.control.kind == control_pb2.CONTROL_KIND_OFF_SUBJECT


def trials(number: int, seed: int) -> list[Trial]:
    """Controls over the procedural families that rules can grade, some of them under another subject."""
    taxonomy, rng, found = procedural_taxonomy(), Random(seed), list[Trial]()
    places = [(s, f, t) for s, fields in taxonomy.subjects.items() for f, topics in fields.items() for t in topics]
    while len(found) < number:
        subject, field, topic = rng.choice(places)
        proposal = teacher.propose(taxonomy, subject, field, topic, rng, wrong=False)
        if proposal is None or proposal.answer.type not in _DECIDED_BY_RULE:
            continue
        family, mistaken = taxonomy.family(subject, field, topic), rng.random() < MISTAKEN
        if mistaken:
            subject = rng.choice([other for other in taxonomy.subjects if family not in taxonomy.families(other)])
        chances = tuple(teacher.chance(proposal.statement, accuracy) for accuracy in ACCURACIES.values())
        found.append(Trial(_control(proposal, subject, len(found), mistaken), chances))
    return found


def truth(tried: Sequence[Trial], rule: str, *, mistakes: bool) -> float:
    """The true share that is accepted of the mistakes, or refused of what is right."""
    passed = [trial.passes(rule) for trial in tried if trial.mistaken is mistakes]
    return sum(passed) / len(passed) if mistakes else 1 - sum(passed) / len(passed)


async def stated(client: AsyncClient, tried: Sequence[Trial], rule: str) -> Calibration:
    """What the verifier's verdicts say of it."""
    spec, found, places = build_pb2.BuildSpec(), Calibration(), asyncio.Semaphore(_AT_ONCE)
    spec.CopyFrom(RULES[rule])
    spec.roles.panel.extend(build_pb2.RoleSpec(endpoints=[name]) for name in ACCURACIES)
    spec.roles.screeners.add(endpoints=[SCREENER])

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
    services: Standalone, client: AsyncClient, number: int, seed: int
) -> AsyncIterator[tuple[str, str, Rate, float]]:
    """Rule, kind of error, the stated rate and the true one."""
    dials = {name: {"accuracy": accuracy} for name, accuracy in ACCURACIES.items()}
    dials[SCREENER] = {"screening_error_rate": SCREENING_ERRORS}
    url = f"{services.endpoints[SCREENER].base_url}/dials"
    async with (
        aiohttp.ClientSession() as http,
        http.put(url, json={"latency_mean_seconds": 0, "models": dials}) as answer,
    ):
        answer.raise_for_status()
    tried = trials(number, seed)
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
            async for rule, error, rate, true in measured_by(services, client, options.controls, seed=1):
                figures.append(
                    {"benchmark": "calibration", "rule": rule, "error": error, **rate.plain(), "truth": round(true, 4)}
                    | {"inside": rate.low <= true <= rate.high}
                )
    return figures


def _control(proposal: teacher.Proposal, subject: str, number: int, mistaken: bool) -> control_pb2.Control:
    kind = control_pb2.CONTROL_KIND_OFF_SUBJECT if mistaken else control_pb2.CONTROL_KIND_GOOD
    name, answer = identity.digest("trial", number)[:32], proposal.answer
    reference = sample_pb2.Answer(
        type=f"ANSWER_TYPE_{answer.type.upper()}",
        value=answer.value,
        unit=answer.unit,
        tolerance=answer.tolerance,
        choices=answer.choices,
    )
    ref = sample_pb2.SampleRef(sample_id=name, subject=subject, seed=identity.seed("trial", number))
    problem = sample_pb2.Problem(statement=proposal.statement, reference=reference)
    return control_pb2.Control(control_id=name, kind=kind, sample=sample_pb2.Sample(ref=ref, problem=problem))
