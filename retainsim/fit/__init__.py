"""Fit: what customer data say about the numbers of a scenario, estimated by functions of arrays."""
