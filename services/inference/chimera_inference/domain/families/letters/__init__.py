"""Families about rows of letters, which small models can learn."""
