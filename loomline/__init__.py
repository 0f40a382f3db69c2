"""Loomline: a data lakehouse and Spark risk warehouse for industrial-internet finance."""
