"""Families of linguistics."""
