"""Families of computer science."""
