"""Workings: arithmetic behind mechanisms that is worth a file of its own; no state, no world of their own."""
