"""The reports: what a portfolio, an ecosystem, a trade or an enterprise looked like on a date."""
