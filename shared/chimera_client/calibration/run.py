"""Plants controls in gold problems and has a verifier check them."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration.expectation import must_pass
from chimera_client.calibration.gold import Gold
from chimera_client.calibration.plan import Wanted
from chimera_client.verifier import Verifier
from chimera_shared import identity
from chimera_shared.controls import control_id

_AT_ONCE = 64
"""Checks under way; the verifier gives each endpoint as many calls as it takes."""
_SCOPE_DIGITS = 24


class Calibration:
    """One measurement. The same one again asks no model again: its calls are in the verifier's ledger."""

    def __init__(self, verifier: Verifier, spec: build_pb2.BuildSpec, gold: Gold, seed: int) -> None:
        self._verifier = verifier
        self._spec = spec
        self._seed = seed
        self._difficulties: dict[str, sample_pb2.Difficulty] = {}
        self._name = identity.digest("calibration", gold.sha256, seed)[:_SCOPE_DIGITS]

    async def controls(self, plan: Sequence[Wanted]) -> AsyncIterator[control_pb2.Control]:
        """The controls as they are checked; those that cannot be made of any gold problem are left out.

        What must pass is checked before what must not, for duplicates are compared with it.
        """
        for right in (True, False):
            places = asyncio.Semaphore(_AT_ONCE)
            tasks = [asyncio.create_task(self._one(w, places)) for w in plan if must_pass(w.kind) is right]
            try:
                for done in asyncio.as_completed(tasks):
                    if (control := await done) is not None:
                        yield control
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, wanted: Wanted, places: asyncio.Semaphore) -> control_pb2.Control | None:
        async with places:
            for item in wanted.spares:
                seed = identity.seed(self._seed, item.ref.sample_id, wanted.kind)
                if planted := await self._verifier.plant(item, [wanted.kind], seed):
                    return await self._checked(item, planted[0], seed)
            return None

    async def _checked(self, item: sample_pb2.Sample, control: control_pb2.Control, seed: int) -> control_pb2.Control:
        """The control with what the verifier makes of it, apart from others: a problem may be in several of them."""
        kind = control.kind
        control.source, control.sample.ref.seed = item.ref.sample_id, seed
        control.control_id = control.sample.ref.sample_id = control_id(self._name, control.source, kind)
        same = kind == control_pb2.CONTROL_KIND_DUPLICATE
        scope = control_pb2.CONTROL_KIND_GOOD if same else kind
        control.sample.CopyFrom(await self._verifier.check(self._spec, control.sample, f"{self._name}-{scope}"))
        if kind == control_pb2.CONTROL_KIND_GOOD and control.sample.validation.HasField("difficulty"):
            self._difficulties[item.ref.sample_id] = control.sample.validation.difficulty
        if (difficulty := self._difficulties.get(item.ref.sample_id)) is not None:
            control.difficulty.CopyFrom(difficulty)
        return control
