"""Lettering: text cut and placed to fit, measured before it is drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.textpath import text_to_path
from scipy.optimize import isotonic_regression

from retainsim.draws import Floats

FONT = "DejaVu Sans"
_OTHERS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans",
    "Microsoft YaHei", "Malgun Gothic", "Noto Sans Devanagari", "Arial Unicode MS", "Noto Emoji", "Segoe UI Emoji",
)  # fmt: skip
PITCH = 1.22
"""Height of a line of text, in sizes of its type."""
ASCENT = 0.96
"""From the top of a line to its baseline, in sizes of its type."""
BOUND = "\u00a0"
"""A space at which no line is broken: between a number and its unit."""
_MEASURED = 100.0
"""Size (points) at which type is measured."""
_MARKS = re.compile(r"[^._/]*[._/]|[^._/]+")
"""Parts of a word that may stand on lines of their own: keys of a scenario are words with dots."""
_SAFETY = 1.02
"""What is drawn may be wider than what is measured by the rounding of pixels."""


def clean(text: str) -> str:
    """Return what a user wrote as one line of characters that can be seen."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return a text without characters that cannot be seen; ends of lines and bound spaces stay."""
    kept = "\n" + BOUND
    return "".join(c if c.isprintable() or c in kept else "" if unicodedata.category(c) == "Cf" else " " for c in text)


def level(text: str) -> str:
    """Return a text as one line of what can be seen, with a capital at its start; bound spaces stay."""
    return sentence(visible(text).replace("\n", " "))


def bound(text: str) -> str:
    """Return a text in which no per cent sign begins a line."""
    return text.replace(" %", f"{BOUND}%")


def sentence(text: str) -> str:
    """Return a text with a capital at its start."""
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=1024)
def families(text: str) -> list[str]:
    """Return the fonts for a text: matplotlib's own, with those installed for what it lacks only where it lacks it."""
    own = _charmap()
    if all(ord(letter) in own for letter in text):
        return [FONT]
    installed = set(fontManager.get_font_names())
    return [FONT, *(font for font in _OTHERS if font in installed)]


def width(text: str, size: float, bold: bool = False) -> float:
    """Return the width (points) of a line of type of a size (points)."""
    return _SAFETY * size * _ems(text, bold)


@lru_cache(maxsize=8192)
def _ems(text: str, bold: bool) -> float:
    """Return the width of a line of type in sizes of its type: type of every size has the same shape."""
    font = FontProperties(family=families(text), size=_MEASURED, weight="bold" if bold else "normal")
    measured, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(measured) / _MEASURED


@lru_cache(maxsize=1)
def _charmap() -> frozenset[int]:
    return frozenset(get_font(findfont(FONT)).get_charmap())


def height(text: str, size: float) -> float:
    """Return the height (points) of a text of one line or more."""
    return PITCH * size * (text.count("\n") + 1)


def cut(text: str, size: float, room: float, bold: bool = False) -> str:
    """Return a text, or as much of its beginning as there is room for (points), with an ellipsis."""
    if width(text, size, bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle] + "…", size, bold) <= room else (low, middle - 1)
    return text[:low].rstrip(" ,.;:") + "…"


def wrap(text: str, size: float, room: float, lines: int, bold: bool = False) -> str:
    """Break a text into at most so many lines no wider than `room` (points); what is left over is cut."""
    found = _broken(text, size, room, bold)
    if len(found) > lines:
        found = [*found[: lines - 1], cut(" ".join(found[lines - 1 :]), size, room, bold)]
    return "\n".join(found)


def balance(text: str, size: float, room: float, lines: int, bold: bool = False) -> str:
    """Wrap a text so that no line is much shorter than the others, in as few lines as it takes."""
    best = wrap(text, size, room, lines, bold)
    if best.endswith("…"):
        return best
    for share in np.arange(0.95, 0.5, -0.05):
        narrower = _broken(text, size, room * share, bold)
        if len(narrower) > best.count("\n") + 1:
            break
        best = "\n".join(narrower)
    return best


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> Floats:
    """Return the centres nearest to those wanted at which boxes of these heights do not overlap.

    They keep the order wanted, the first of equals on top, and stay within [low, high] if they fit there; if
    not, they start at `low`.
    """
    order = np.lexsort((-np.arange(len(wanted)), np.asarray(wanted)))
    tall = np.asarray(heights, dtype=np.float64)[order]
    offset = np.cumsum(tall) - tall / 2
    free = isotonic_regression(np.asarray(wanted, dtype=np.float64)[order] - offset).x
    placed = np.empty(len(order))
    placed[order] = np.clip(free, low, max(low, high - float(tall.sum()))) + offset
    return placed


def _broken(text: str, size: float, room: float, bold: bool) -> list[str]:
    lines, space = [""], width(" ", size, bold)
    used = 0.0
    for word in text.split(" "):
        wide = width(word, size, bold)  # word by word, for words come again and lines do not
        if used + space * bool(lines[-1]) + wide <= room:
            used += space * bool(lines[-1]) + wide
            lines[-1] = f"{lines[-1]} {word}".lstrip()
            continue
        lines += _pieces(word, size, room, bold)
        used = width(lines[-1], size, bold)
    return [line for line in lines if line] or [""]


def _pieces(word: str, size: float, room: float, bold: bool) -> list[str]:
    """Return a word, in pieces where it is wider than the room: after its marks where there are any, else anywhere."""
    pieces = [""]
    for part in _MARKS.findall(word):
        for each in [part] if width(part, size, bold) <= room else part:
            if pieces[-1] and width(pieces[-1] + each, size, bold) > room:
                pieces.append("")
            pieces[-1] += each
    return pieces
