"""Families about codes of digits, which small models can learn."""
