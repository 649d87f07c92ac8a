"""Families of mathematics."""
