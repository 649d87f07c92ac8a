"""What is seen first: which dataset it is, and whether to believe it."""

from chimera_client.report.document import Section, Table, Tile
from chimera_client.report.model import Rate, Report
from chimera_client.report.numbers import counted, percent, share, usd, whole
from chimera_client.report.roles import role_words
from chimera_client.report.sections import release


def title(report: Report) -> str:
    """The report's title."""
    return f"Health report: {report.head.name}{' (partial)' if report.head.partial else ''}"


def verdict(report: Report) -> str:
    """The one line that decides whether to read on."""
    steps = {step.name: step.samples for step in report.funnel.steps}
    errs = "how often the verifier errs was not measured"
    if report.calibration is not None:
        errs = _errs(report.calibration.all.false_accepts)
    return f"{report.head.samples:,} accepted of {steps.get('Proposed', 0):,} proposed; {errs}."


def _errs(accepts: Rate) -> str:
    if not accepts.of:
        return "no planted mistake was decided"
    return f"verifier false-accept {accepts.hits:,}/{accepts.of:,} planted, ≤ {100 * accepts.high:.0f} % at 95 %"


def warnings(report: Report) -> list[str]:
    """What a reader must know before anything else."""
    head = report.head
    found = []
    if head.partial:
        found.append(
            f"This dataset is partial: {head.asked:,} samples were asked for and {head.samples:,} are here, because"
            f" {head.why_partial}. The mix of subjects is not the one that was ordered."
        )
    if not head.samples:
        found.append("This dataset is empty: there is nothing to train on.")
    models = {model for role in head.roles for model in role.models}
    if models and all(model.startswith("procedural") for model in models):
        found.append(
            "No language model took part: all models are programs over fixed problem families. The dataset shows how"
            " the platform works and is no replacement for one that language models wrote."
        )
    return [*found, *release.warnings(report)]


def tiles(report: Report) -> list[Tile]:
    """The numbers that are seen first."""
    head = report.head
    tried = report.funnel.steps[0].samples
    return [
        Tile("Samples", whole(head.samples), f"of {head.asked:,} asked for"),
        Tile("Accepted", share(head.samples, tried), f"of {counted(tried, 'sample')} tried"),
        _verifier(report),
        Tile("Topics", whole(report.coverage.topics), f"of {report.coverage.topics_known:,} in the taxonomy"),
        _price(report),
    ]


def _verifier(report: Report) -> Tile:
    name = "False accepts"
    if report.calibration is None:
        return Tile(name, "not measured", "no control problem was planted")
    accepts = report.calibration.all.false_accepts
    return Tile(name, f"≤ {percent(accepts.high)}", f"{accepts.hits:,} of {accepts.of:,} planted mistakes, at 95 %")


def _price(report: Report) -> Tile:
    cost, samples = report.cost, report.head.samples
    if cost.total_nanousd or not samples:
        each = usd(cost.total_nanousd / samples) if samples else "–"
        return Tile("Cost per sample", each, "everything paid, over the accepted")
    return Tile("Tokens per sample", whole(cost.output_tokens / samples), "written, over the accepted; no prices")


def section(report: Report) -> Section:
    """Where it comes from and who made it."""
    head = report.head
    facts = [
        ["Dataset", head.dataset_id],
        ["Version", str(head.version)],
        ["Made by build", head.build_id],
        ["Published", head.published],
        ["Agreement", head.agreement],
    ]
    if head.parent_id:
        facts.append(["Takes the place of", head.parent_id])
    if head.recall_id:
        facts.append(["Came of recall", head.recall_id])
    if head.change:
        facts.append(["Different from its parent", head.change])
    rows = [
        [role_words(role.role), ", ".join(role.models), ", ".join(role.endpoints), whole(role.calls)]
        for role in head.roles
    ]
    members = sum(role.role.startswith("panel") for role in head.roles)
    return Section(
        "origin",
        "Where it comes from",
        [
            f"Version {head.version} by build {head.build_id}; {head.agreement}"
            + (f" ({members} members)." if members else "."),
            "Look whether the models that checked differ from the one that proposed: models that are alike share"
            " mistakes.",
        ],
        [
            Table(["Which", "What"], facts),
            Table(["Role", "Models", "Endpoints", "Calls for accepted samples"], rows, "Models by role"),
        ],
    )
