"""The child process that trains one job. Only here are PyTorch, transformers, TRL and Ray imported."""
