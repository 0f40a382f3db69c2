"""Rebuild past rows of models from what was recorded of them, and say what differs."""
