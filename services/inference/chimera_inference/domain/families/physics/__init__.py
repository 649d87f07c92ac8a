"""Families of physics."""
