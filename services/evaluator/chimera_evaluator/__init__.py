"""The evaluator service: measures models on benchmarks."""
