"""What the numbers of a loop do not say."""

from chimera_client.loop.outcome import Outcome
from chimera_client.loop.report.gains import last_trained
from chimera_client.report.document import Section
from chimera_client.report.numbers import counted


def section(outcome: Outcome) -> Section:
    """Limitations as sentences."""
    return Section("limits", "What this does not show", limits(outcome))


def limits(outcome: Outcome) -> list[str]:
    """One sentence or two a limitation, the gravest first."""
    found = []
    if outcome.exam is not None:
        found.append(
            "The exam is made by the same platform from the same subjects and problem families as the training data. A"
            " gain on it shows that these kinds of problems were learned; it is no claim about other kinds."
        )
    else:
        found.append("A gain on these benchmarks is no claim about others.")
    if size := _size(outcome):
        found.append(
            f"The models are {size} large. What training does to a small model says little about a large one, and"
            " the other way round."
        )
    seeds = len(last_trained(outcome.rounds[-1])) if outcome.rounds else 0
    found.append(
        f"Intervals are over problems. How much a training varies is seen from {counted(seeds, 'seed')} alone:"
        " their mean has no interval."
    )
    if len(outcome.rounds) > 1 and outcome.exam is not None:
        found.append(
            "From the second round on, the data was weighted by results on the exam that the next models are measured"
            " on: their gain flatters a little. A fresh exam would tell by how much."
        )
    found.append(
        "References and solutions were written by models and checked by the verifier. It errs as well: the dataset's"
        " report says how often where control problems were planted."
    )
    found.append("There is no comparison with training on other data: that this data is better is not shown.")
    return found


def _size(outcome: Outcome) -> str:
    trained = [one for each in outcome.rounds for one in each.trained if not one.training.spec.HasField("lora")]
    sizes = [one.model.bytes for one in trained if one.model is not None]  # adapters say nothing of a model's size
    return f"{max(sizes) / 1e6:,.1f} MB" if sizes else ""
