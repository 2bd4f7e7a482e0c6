"""Mechanism tests: one conformance suite over all, and one file for each."""
