"""Invariants: what holds in every scenario, whatever is in it."""
