"""`python -m chimera_evaluator`."""

from chimera_shared.lifecycle import main


def start() -> None:
    """Run the service until it is told to stop."""
    from chimera_evaluator.app import create

    main(create)


if __name__ == "__main__":
    start()
