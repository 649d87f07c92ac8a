"""The generator service: proposes problems and solves them from their bare statement."""
