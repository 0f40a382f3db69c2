"""A day of the ecosystem: one causal story from demand to default, in whole numbers."""
