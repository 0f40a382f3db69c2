"""The page of one score: what it was made of, and who answers for it."""
