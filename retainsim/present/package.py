"""Package: Office files, which are zip archives, with the same bytes whenever they are made."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

DATE = datetime(2000, 1, 1)
"""The date in the properties of every file: the bytes of a file tell nothing of when it was made."""
_ZIPPED = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms)")
_TEMPLATE = b"presentationml.template.main+xml"
_DECK = b"presentationml.presentation.main+xml"


def settled(content: bytes) -> bytes:
    """Return an Office file in which every date is the same, those of what is embedded too."""
    return _rewritten(content, lambda name, part: settled(part) if name.endswith(".xlsx") else _dated(part, name))


def as_deck(path: Path) -> io.BytesIO:
    """Return a template of PowerPoint (.potx) as a deck, which it is but for its type; a deck as it is."""
    content = path.read_bytes()

    def retyped(name: str, part: bytes) -> bytes:
        return part.replace(_TEMPLATE, _DECK) if name == "[Content_Types].xml" else part

    return io.BytesIO(_rewritten(content, retyped))


def _dated(part: bytes, name: str) -> bytes:
    if name != "docProps/core.xml":
        return part
    return _DATES.sub(rb"\g<1>" + f"{DATE:%Y-%m-%dT%H:%M:%SZ}".encode() + rb"\g<2>", part)


def _rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return an archive with every part changed, in the same order."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIPPED)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, change(name, old.read(name)))
    return made.getvalue()
