"""Keyed: axes on which a key of the scenario stands, and the arm that is shown along them."""

from __future__ import annotations

from typing import Any

from retainsim.charts.lettering import clean
from retainsim.charts.scales import Scale
from retainsim.charts.voice import Voice
from retainsim.study.compare import BASELINE


def named(report: dict[str, Any]) -> str:
    """Return the arm shown as a title begins with it; nothing for the baseline, and where its own lever is varied."""
    arm = report["shown"]["arm"]
    if arm == BASELINE or any(key["arm"] == arm for key in report["keys"]):
        return ""
    return f"{clean(report['arms'][arm]) or arm}: "


def unit_of(key: dict[str, Any], scale: Scale, voice: Voice) -> str:
    """Return the unit of an axis on which a key stands: `EUR k per month`."""
    unit = key["unit"]
    return f"{scale.unit or voice.money.sign}{unit.removeprefix('money')}" if unit.startswith("money") else unit


def scale_of(values: list[float], key: dict[str, Any], voice: Voice, *, most: int = 8) -> Scale:
    """Return the axis on which a key stands, from the lowest to the highest of its values."""
    money = voice.money if key["unit"].startswith("money") else None
    found = Scale.of(values, most=most, money=money)
    low, high = min(values), max(values)
    if low == high:
        return found
    inside = [(t, w) for t, w in zip(found.ticks, found.labels, strict=True) if low <= t <= high]
    ticks, labels = zip(*inside, strict=True) if inside else ((), ())
    return Scale(low, high, ticks, labels, found.unit)
