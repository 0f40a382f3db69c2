"""The validation report of a model version: findings as plain data, and their HTML and PDF."""
