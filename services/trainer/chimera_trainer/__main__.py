"""`python -m chimera_trainer`."""

from chimera_shared.lifecycle import main


def start() -> None:
    """Run the service until it is told to stop."""
    from chimera_trainer.app import create

    main(create)


if __name__ == "__main__":
    start()
