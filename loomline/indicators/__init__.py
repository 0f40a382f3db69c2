"""Warning indicators: their levels, their state over time, and the watch list made of them."""
