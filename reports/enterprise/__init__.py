"""The enterprise report: one firm, what changed of it and why."""
