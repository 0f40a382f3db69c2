"""Cross-validation of evidence: what one record says of an enterprise, set against another."""
