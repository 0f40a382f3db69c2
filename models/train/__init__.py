"""The job that trains the default model."""
