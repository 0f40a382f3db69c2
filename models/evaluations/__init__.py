"""Evaluations of kinds of models on public data sets, each by a protocol written beforehand.

One module an evaluation, which says its data, runs its protocol (docs/evaluations) and returns its
figures. They read the published files in place, and no lake but one of their own.
"""
