"""Generate docs/reference from the code; with --check, fail if the committed pages differ."""

import asyncio
import sys
from pathlib import Path

import asyncapi
import grpc_pages
import settings_page
from contract import Contract
from topology import discover

OUT = Path(__file__).parents[1] / "docs" / "reference"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    contract, topology = Contract(), asyncio.run(discover())
    return {
        "asyncapi.yaml": asyncapi.render(topology, contract),
        "grpc.md": grpc_pages.render(contract),
        "settings.md": settings_page.render(),
    }


def main() -> None:
    generated = pages()
    if "--check" not in sys.argv:
        OUT.mkdir(parents=True, exist_ok=True)
        for name, text in generated.items():
            (OUT / name).write_text(text, "utf-8")
        return
    committed = {path.name: path.read_text("utf-8") for path in OUT.iterdir()} if OUT.is_dir() else {}
    changed = sorted(n for n in generated.keys() | committed.keys() if generated.get(n) != committed.get(n))
    if changed:
        sys.exit(f"docs/reference is not what the code generates: {', '.join(changed)}; run `make reference`")


if __name__ == "__main__":
    main()
