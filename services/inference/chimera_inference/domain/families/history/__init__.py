"""Families of history."""
