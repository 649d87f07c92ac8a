"""Entry point of the `chimera` command."""


def main() -> None:
    """Run the command line; the exit code says how it ended."""
    from chimera_client.cli.app import app

    app(prog_name="chimera")


if __name__ == "__main__":
    main()
