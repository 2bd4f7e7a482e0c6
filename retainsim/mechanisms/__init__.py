"""Mechanisms: one file each; its name here is its registration."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

ALWAYS_ON = ("channels", "firm", "investment", "moves", "reasons", "retention")
NAMES = ("breach", "growth", "referrals", "retention_programme")


def module(name: str) -> ModuleType:
    """Import the file of a mechanism: its `Settings` and its class `Mechanism`."""
    return import_module(f"retainsim.mechanisms.{name}")
