"""Pure rules: the form of a proposed problem, and the angle it is written from."""
