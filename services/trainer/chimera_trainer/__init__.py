"""The trainer service: trains models on datasets, and keeps the registry of models."""
