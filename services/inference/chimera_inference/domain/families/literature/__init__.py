"""Families of literature."""
