"""The report of an evaluation: how each candidate did, with intervals, beside the published results."""
