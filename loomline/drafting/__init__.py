"""Draft a source contract from a file itself: sniff, profile, match to a table, write YAML."""
