"""Evaluations of kinds of models, each by a protocol written beforehand.

One module an evaluation, which says its data, runs its protocol (docs/evaluations) and returns its
figures. Data are published files, read in place, or ecosystems that an evaluation simulates itself;
no lake is read but one of its own.
"""
