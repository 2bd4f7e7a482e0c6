"""Mechanisms: one file each; its name here is its registration."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

ALWAYS_ON = (
    "accounts", "channels", "concentration", "firm", "investment", "moves", "purchases", "reasons", "retention",
)  # fmt: skip
NAMES = (
    "account_managers",
    "breach",
    "discounts",
    "failures",
    "follow_up",
    "growth",
    "involuntary_churn",
    "key_accounts",
    "market",
    "perception",
    "price_only_buyers",
    "referrals",
    "retention_programme",
    "rivals",
    "service_desk",
    "surveys",
    "win_back",
)


def module(name: str) -> ModuleType:
    """Import the file of a mechanism: its `Settings` and its class `Mechanism`."""
    return import_module(f"retainsim.mechanisms.{name}")
