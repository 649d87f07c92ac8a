"""What the report of a loop consists of."""

from pathlib import Path

from chimera_client.loop.outcome import Outcome
from chimera_client.loop.report import data, head, limits, lineage, measured, trained
from chimera_client.loop.report.gains import verdict
from chimera_client.report.document import Document


def document(outcome: Outcome, directory: Path) -> Document:
    """The report, not yet drawn; it names reports that are beside it in the folder."""
    sections = [
        measured.scores(outcome, directory),
        measured.passes(outcome),
        measured.robustness(outcome),
        measured.topics(outcome),
        trained.section(outcome),
        data.section(outcome, directory),
        lineage.section(outcome),
        lineage.times(outcome),
        limits.section(outcome),
    ]
    return Document(
        head.title(outcome),
        verdict(outcome),
        head.warnings(outcome),
        head.tiles(outcome),
        [section for section in sections if section is not None],
    )
