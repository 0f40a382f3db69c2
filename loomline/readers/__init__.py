"""Readers of source files: rows with their line and raw text, every value as it stood."""
