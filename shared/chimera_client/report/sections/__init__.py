"""A report in sentences, plots and tables: one module for each question that it answers."""

from chimera_client.report.document import Document
from chimera_client.report.model import Report
from chimera_client.report.sections import content, cost, head, making, release, trust, variety


def document(report: Report) -> Document:
    """The report as it is drawn."""
    return Document(
        title=head.title(report),
        verdict=head.verdict(report),
        warnings=head.warnings(report),
        tiles=head.tiles(report),
        sections=[
            head.section(report),
            making.section(report),
            trust.calibration(report),
            trust.agreement(report),
            release.section(report),
            content.coverage(report),
            content.difficulty(report),
            content.answers(report),
            content.lengths(report),
            content.language(report),
            variety.section(report),
            cost.section(report),
        ],
    )
