"""The verifier service: shape checks, duplicates, the blind panel, and the one grader of the platform."""
