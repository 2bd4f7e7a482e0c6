"""Colours: blue is gain, vermilion is loss, and an arm or a reason has one colour in every chart.

Gain and loss are from Okabe & Ito's palette. The others were chosen so that any two of them, and the grey of the
baseline, are at least 19 apart (CIE Lab) in normal vision and under full deuteranopia, protanopia and
tritanopia; a test measures it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from matplotlib.colors import to_hex, to_rgb

from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results

INK = "#262626"
GREY = "#595959"
AXIS = "#8C8C8C"
LIGHT = "#E3E3E3"
GAIN = "#0072B2"
LOSS = "#D55E00"
PALETTE = ("#9B3F9B", "#117733", "#D09A00", "#2B1B80", "#7DB2B2", "#661100", "#B58FE0")
_READABLE = 4.5
"""Contrast with white that small text needs (WCAG 2, level AA)."""


def arm_colours(results: Results) -> dict[str, str]:
    """Return the colour of every arm: grey for the baseline, the others in the order of the report."""
    return colours_of(results.arms)


def colours_of(arms: Iterable[str]) -> dict[str, str]:
    """Return the colour of every arm of a scenario, by name, in its order."""
    others = [name for name in arms if name != BASELINE]
    return {BASELINE: GREY} | {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(others)}


def reason_colours(results: Results) -> dict[str, str]:
    """Return the colour of every reason, in the order of their names."""
    reasons = sorted(results.report["arms"][BASELINE]["left_by_reason"])
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(reasons)}


def segment_colours(results: Results) -> dict[str, str]:
    """Return the colour of every segment, in the order of their names."""
    segments = sorted(results.scenario.parameters.segments)
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(segments)}


def sign_colour(amount: float) -> str:
    """Return the colour of a gain or a loss; grey for nothing."""
    return GAIN if amount > 0 else LOSS if amount < 0 else GREY


def ink(colour: str) -> str:
    """Return a colour dark enough for text on white."""
    red, green, blue = to_rgb(colour)
    while _contrast(red, green, blue) < _READABLE:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return to_hex((red, green, blue))


def on(colour: str) -> str:
    """Return the colour of text on a colour."""
    return "white" if _contrast(*to_rgb(colour)) >= _READABLE else INK


def _contrast(*channels: float) -> float:
    """Return the contrast of a colour with white, 1 to 21 (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
