"""Early warning: the probability of distress within 30, 60 and 90 days; docs/early-warning.md."""
