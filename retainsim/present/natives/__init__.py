"""Natives: charts as plain values, one file each, called after the chart; the others are shown as pictures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retainsim.present.native import Native
    from retainsim.results import Results

NAMES = (
    "npv", "bridge", "pool", "reasons", "incidence", "survival", "cash", "leaks", "desks", "concentration",
)  # fmt: skip


def native(name: str, results: Results) -> Native | None:
    """Return what a chart of a run shows, as plain values; None where it can only be drawn."""
    if name not in NAMES:
        return None
    found: Native | None = import_module(f"retainsim.present.natives.{name}").native(results)
    return found
