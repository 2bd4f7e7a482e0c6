"""Clients: what is asked of a named client: keep it, renegotiate with it, or release it."""
