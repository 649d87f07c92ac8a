"""How far the panel's members agree with the reference, with one another, and judges with each other."""

from collections import Counter

from chimera.sample.v1 import sample_pb2
from chimera_client.calibration import Agreement as Ratings
from chimera_client.report.model import Agreement, Member, Pair
from chimera_client.report.rates import rate

MAX_MEMBERS = 32


class AgreementCounter:
    """Counts the votes of all samples that came to the panel, accepted or not."""

    def __init__(self) -> None:
        self._ratings = Ratings()
        self._verdicts: Counter[tuple[int, int]] = Counter()
        self._models: dict[int, Counter[str]] = {}
        self._voted = 0

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count the votes of one settled sample."""
        votes = sample.validation.votes
        if not votes or any(not 0 <= vote.member < MAX_MEMBERS for vote in votes):
            return
        self._voted += 1
        self._ratings.add(sample)
        for vote in votes:
            self._verdicts[vote.member, vote.grade.verdict] += 1
            models = self._models.setdefault(vote.member, Counter())
            if vote.calls and (vote.calls[-1].model in models or len(models) < MAX_MEMBERS):
                models[vote.calls[-1].model] += 1

    def result(self) -> Agreement:
        """What was found."""
        ratings = self._ratings
        observed, kappas = ratings.observed, ratings.kappas
        return Agreement(
            voted=self._voted,
            rated=ratings.samples,
            members=[self._member(member) for member in sorted(self._models)],
            pairs=[
                Pair(one=one, other=other, kappa=_rounded(kappas[one, other]), agree=rate(agree))
                for (one, other), agree in observed.items()
            ],
            alpha=_rounded(ratings.alpha),
            judges_differ=rate(ratings.judges_differ),
        )

    def _member(self, member: int) -> Member:
        agree = self._verdicts[member, sample_pb2.VERDICT_CORRECT]
        differ = self._verdicts[member, sample_pb2.VERDICT_INCORRECT]
        votes = sum(count for (of, _), count in self._verdicts.items() if of == member)
        return Member(
            member=member,
            models=sorted(self._models[member]),
            agree=agree,
            differ=differ,
            unknown=votes - agree - differ,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
