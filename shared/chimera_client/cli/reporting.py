"""`datasets report`: of a folder, or of a dataset at a gateway."""

import webbrowser
from dataclasses import dataclass
from pathlib import Path

from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.client import AsyncClient
from chimera_client.export import copy_report
from chimera_client.report import html
from chimera_client.report.files import read
from chimera_client.report.model import Report
from chimera_client.report.sections import document
from chimera_client.target import OutputTarget
from chimera_client.views.report import render_report


@dataclass(frozen=True, slots=True)
class Reporting:
    """What the command was told. `what` is a folder if there is one of that name, else a dataset's id."""

    what: str
    output: Path | None
    gateway: str | None
    open_page: bool
    as_json: bool

    async def run(self) -> Code:
        """Read the report of the folder or make it at the gateway, then show it."""
        folder = Path(self.what)
        if self._is_folder():
            report = read(folder)
            if self.output is not None:
                await copy_report(folder, report, self.output)
                folder = self.output
        else:
            folder = self.output or Path("reports") / self.what
            OutputTarget.inspect(folder).require_writable(force=False)
            report = await self._make(folder)
        self._show(report, folder / html.FILE_NAME)
        return Code.OK

    def _is_folder(self) -> bool:
        return Path(self.what).is_dir()

    async def _make(self, folder: Path) -> Report:
        async with AsyncClient(self.gateway) as client:
            note(f"reading dataset {self.what} and its build")
            folder.parent.mkdir(parents=True, exist_ok=True)
            return await client.datasets.report(self.what, folder)

    def _show(self, report: Report, page: Path) -> None:
        if self.as_json:
            emit(report.model_dump())
        else:
            console().print(render_report(document(report), page))
        if self.open_page:
            webbrowser.open(page.absolute().as_uri())
