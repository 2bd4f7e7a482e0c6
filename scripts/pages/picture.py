"""Picture: the charts that pages show, drawn from a run of a shipped scenario.

A picture holds every word it shows, as its description. Whether it has drifted is told by these words, titles and
numbers included, and not by its dots: those depend on the versions of Matplotlib and of the fonts.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.text import Text
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import retainsim
from retainsim.charts.canvas import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
SCENARIO = ROOT / "scenarios" / "five_points.toml"
NAMES = ("bridge", "pool")
DOTS, MOST = 90, 200_000
"""Per inch; and the bytes a picture may have."""


def pictures() -> dict[Path, bytes]:
    """Draw the pictures and return those that have drifted: one that shows the same words stays as it is."""
    results = retainsim.run(retainsim.load(SCENARIO), jobs=1)
    drawn = {FOLDER / f"{name}.png": getattr(results.plot, name)() for name in NAMES}
    return {path: _png(ax) for path, ax in drawn.items() if shown(path) != words(ax)}


def words(ax: Axes) -> str:
    """Return every word of a chart, sorted, so that neither order nor line breaks matter."""
    found = [text.get_text() for text in ax.figure.findobj(Text) if text.get_visible()]
    return " ".join(sorted(" ".join(found).split()))


def shown(path: Path) -> str | None:
    """Return the words a picture on disk holds; None where there is none."""
    if not path.is_file():
        return None
    with Image.open(path) as image:
        return str(getattr(image, "text", {}).get("Description", ""))


def _png(ax: Axes) -> bytes:
    """Return a picture with its words, in as few colours as it needs."""
    full, small, told = io.BytesIO(), io.BytesIO(), PngInfo()
    told.add_text("Description", words(ax))
    with style():
        ax.figure.savefig(full, format="png", dpi=DOTS)
    Image.open(full).convert("RGB").quantize(128).save(small, "png", optimize=True, pnginfo=told)
    assert small.tell() < MOST, f"{small.tell()} bytes"
    return small.getvalue()
