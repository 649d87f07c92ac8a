"""Where the problems of a corpus come from: files, datasets that were exported, public benchmarks."""
