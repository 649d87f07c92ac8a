"""Families of modular arithmetic, which small models can learn."""
