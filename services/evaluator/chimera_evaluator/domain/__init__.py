"""What an evaluation asks, and what follows from the answers."""
