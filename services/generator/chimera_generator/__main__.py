"""`python -m chimera_generator`."""

from chimera_shared.lifecycle import main


def start() -> None:
    """Run the service until it is told to stop."""
    from chimera_generator.app import create

    main(create)


if __name__ == "__main__":
    start()
