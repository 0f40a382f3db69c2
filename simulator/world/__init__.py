"""The world: everything that does not change from day to day, drawn once from the seed."""
