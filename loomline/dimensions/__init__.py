"""Value dimensions: documented combinations of inputs, scaled 0 to 100 against peers."""
