"""The verifier service: what a problem and its solution must pass, and the one grader of the platform."""
