"""Source contracts: what a file looks like, and how its rows become canonical rows."""
