"""What may enter a dataset: each accepted sample of one build once, and exactly as many as were published."""

from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import ChimeraError


class Intake:
    """Checks samples as they stream in; it remembers one byte a slot, so that no identifier need be kept.

    A partial dataset has fewer samples than its build had `slots`, and they may be any of them.
    """

    def __init__(self, dataset: dataset_pb2.Dataset, slots: int) -> None:
        self._dataset = dataset
        self._bound = max(slots, dataset.samples)
        self._slots: dict[str, bytearray] = {}
        self.count = 0

    def check(self, sample: sample_pb2.Sample) -> None:
        """ChimeraError if the sample does not belong into the dataset."""
        ref = sample.ref
        if ref.build_id != self._dataset.build_id:
            raise self._refuse(sample, f"belongs to build {ref.build_id!r}, not {self._dataset.build_id!r}")
        if sample.outcome != sample_pb2.OUTCOME_ACCEPTED:
            raise self._refuse(sample, f"was not accepted but is {sample_pb2.Outcome.Name(sample.outcome)}")
        if not sample.problem.statement or not sample.solution.text:
            raise self._refuse(sample, "lacks its problem or its solution")
        if not 0 <= ref.slot < self._bound:
            raise self._refuse(sample, f"has slot {ref.slot}, outside 0 to {self._bound - 1}")
        slots = self._slots.setdefault(ref.subject, bytearray())
        if ref.slot < len(slots) and slots[ref.slot]:
            raise self._refuse(sample, f"fills slot {ref.slot} of its subject a second time")
        slots.extend(bytes(max(0, ref.slot + 1 - len(slots))))
        slots[ref.slot] = 1
        self.count += 1

    def check_other(self, sample: sample_pb2.Sample) -> None:
        """ChimeraError if a sample is not one of the build's that were not accepted."""
        if sample.ref.build_id != self._dataset.build_id:
            raise self._refuse(sample, f"belongs to build {sample.ref.build_id!r}, not {self._dataset.build_id!r}")
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            raise self._refuse(sample, "was accepted, and was sent as one that was not")

    @property
    def expected(self) -> int:
        """How many samples the dataset has."""
        return self._dataset.samples

    def finish(self) -> None:
        """ChimeraError if samples are missing."""
        if self.count != self._dataset.samples:
            raise ChimeraError(
                f"dataset {self._dataset.dataset_id} has {self._dataset.samples} samples but the server sent"
                f" {self.count}; nothing was written, so export it again"
            )

    def _refuse(self, sample: sample_pb2.Sample, why: str) -> ChimeraError:
        return ChimeraError(
            f"sample {sample.ref.sample_id!r} of dataset {self._dataset.dataset_id} {why};"
            " nothing was written, so report this to whoever runs the server"
        )
