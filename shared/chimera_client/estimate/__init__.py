"""What a build will cost: a small pilot of the same order, and what follows from it for the whole."""
