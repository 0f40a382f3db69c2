"""Machine health: failures within 7 and 30 days, odd readings; docs/machine-health.md."""
