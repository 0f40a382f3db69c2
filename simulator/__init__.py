"""Ecosystem simulator: an invented industrial economy, its known truth, and what it would send.

It writes files as the outside world would send them, and never a table of the lake. The truth that
it knows (defaults, cheats, wear) is kept apart, for evaluation only. See docs/simulator.md.
"""
