"""A loop: a build, a dataset, a training, an evaluation and their report, ordered as one."""
