"""Drawing: a slide as the content of a file, with the same bytes whenever it is drawn."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("retainsim.mplstyle")
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""What a file of each format would tell of when and with what it was made, and is not to."""
_SUBSET = re.compile(rb"(?<=/)[A-Z]{6}(?=\+[A-Za-z])")
"""What a PDF calls the letters it embeds of a font, before the font's name."""


@contextmanager
def style() -> Iterator[None]:
    """Draw as the style file says, whatever the user's own settings are."""
    with matplotlib.style.context(STYLE, after_reset=True):
        yield


def content(figure: Figure, ending: str, **look: Any) -> bytes:
    """Return a figure as the content of a file; `look` goes to matplotlib."""
    file = io.BytesIO()
    with style():
        figure.savefig(file, format=ending, metadata=dict(_METADATA[ending], Title=figure.get_label()), **look)
    return _settled(file.getvalue()) if ending == "pdf" else file.getvalue()


def _settled(found: bytes) -> bytes:
    """Return a PDF whose fonts are named in order: matplotlib names them by a hash that differs from run to run."""
    names = {name: b"%06d" % place for place, name in enumerate(dict.fromkeys(_SUBSET.findall(found)))}
    letters = bytes.maketrans(b"0123456789", b"ABCDEFGHIJ")
    return _SUBSET.sub(lambda name: names[name[0]].translate(letters), found)
