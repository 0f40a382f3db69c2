"""The default model: train, validate, register, explain and score."""
