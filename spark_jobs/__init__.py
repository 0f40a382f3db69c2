"""Batch jobs of the lake; each reads tables and writes tables, and imports no other job."""
