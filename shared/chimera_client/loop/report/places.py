"""Where the reports beside a loop's are."""

from pathlib import Path

from chimera_client.loop.outcome import Outcome
from chimera_client.report import html
from chimera_client.report.document import Link


def links(outcome: Outcome, directory: Path, part: str, label: str) -> list[Link]:
    """The pages of a part, such as `dataset`, that are there: in a folder of its own or in that of its round."""
    found = []
    for each in outcome.rounds:
        of = f", round {each.number}" if len(outcome.rounds) > 1 else ""
        for path in (f"round-{each.number}/{part}", *([part] if each.number == 1 else [])):
            if (directory / path / html.FILE_NAME).is_file():
                found.append(Link(f"{label}{of}", f"{path}/{html.FILE_NAME}"))
                break
    return found
