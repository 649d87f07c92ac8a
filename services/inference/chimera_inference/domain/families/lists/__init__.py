"""Families about lists of digits, which small models can learn."""
