"""Dialects: the same facts as different systems speak of them, one module a format.

Each module has a function from the facts of a day and the outbox to deliveries, files as the
outside world would send them. A dialect never changes a fact; what is late, doubled or wrong is the
outbox's doing.
"""
