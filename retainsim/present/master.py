"""Master: what a deck is written on: a plain master of our own, or the user's."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.errors import UsageError
from retainsim.present.package import as_deck

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.util import Emu

ENDINGS = (".pptx", ".potx")
SIZE = (40 / 3, 7.5)
_TITLE = (0.6, 0.35, SIZE[0] - 1.2, 1.1)
_LEAST = 0.45
"""A room for content lower than this share of the slide is not the template's idea of one."""
_EMU = 914400
_BODIES = ("OBJECT (7)", "BODY (2)")
_FEET = ("DATE (16)", "FOOTER (15)", "SLIDE_NUMBER (13)")


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches from its upper left, on a slide as wide as ours."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return where it ends."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Return where it ends at its bottom."""
        return self.top + self.height


@dataclass(frozen=True)
class Master:
    """A deck to add slides to: the layout they use, where its title is, and the room below it.

    Slides of any size are shown on the same wall: lengths and type are those of a slide as wide as ours, and `scale`
    times as large in the deck.
    """

    deck: Presentation
    layout: Any
    title: Box
    room: Box
    scale: float = 1.0

    def placed(self, box: Box) -> tuple[Emu, Emu, Emu, Emu]:
        """Return a place as the deck counts it: left, top, width and height."""
        return self.length(box.left), self.length(box.top), self.length(box.width), self.length(box.height)

    def length(self, inches: float) -> Emu:
        """Return a length as the deck counts it."""
        from pptx.util import Emu

        return Emu(round(inches * self.scale * _EMU))

    def points(self, size: float) -> Any:
        """Return a size of type as the deck counts it."""
        from pptx.util import Pt

        return Pt(round(size * self.scale, 1))


def open_master(template: str | os.PathLike[str] | None = None) -> Master:
    """Return a plain master, 16:9, or that of a template, without its slides.

    Raises
    ------
    UsageError
        If the template cannot be read, is no PowerPoint file, or has no layout with a title.
    """
    if template is not None:
        return _measured(_read(Path(template)), f"--template: {os.fspath(template)}", meant=True)
    from pptx import Presentation

    deck = Presentation()
    _widen(deck)
    return _measured(deck, "the master", meant=False)


def _read(path: Path) -> Presentation:
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--template: {path} ends in {path.suffix or 'nothing'}; give a .pptx or a .potx")
    try:
        deck = Presentation(as_deck(path))
    except OSError as error:
        raise UsageError(f"--template: {path} cannot be read ({error.strerror or error}); give another") from None
    except (zipfile.BadZipFile, PythonPptxError, KeyError, ValueError) as error:
        raise UsageError(f"--template: {path} is no PowerPoint file ({error}); give a .pptx or a .potx") from None
    _empty(deck)
    return deck


def _empty(deck: Presentation) -> None:
    """Take the slides of a template away, and the sections that name them."""
    root = deck.part._element
    for slide in [] if root.sldIdLst is None else list(root.sldIdLst):
        deck.part.drop_rel(slide.rId)
        root.sldIdLst.remove(slide)
    for section in root.xpath("//*[local-name()='sectionLst']"):
        extension = section.getparent()
        extension.getparent().remove(extension)


def _widen(deck: Presentation) -> None:
    """Make the 4:3 master that comes with python-pptx one of 16:9, its titles bold and at the left."""
    from pptx.util import Inches

    factor = SIZE[0] * _EMU / int(deck.slide_width or 1)
    deck.slide_width, deck.slide_height = Inches(SIZE[0]), Inches(SIZE[1])
    for holder in (deck.slide_master, *deck.slide_layouts):
        for shape in holder.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = round(shape.left * factor), round(shape.width * factor)
    title = next(shape for shape in deck.slide_master.placeholders if shape.placeholder_format.idx == 0)
    title.left, title.top, title.width, title.height = (Inches(x) for x in _TITLE)
    for style in deck.slide_master._element.xpath("p:txStyles/p:titleStyle/a:lvl1pPr"):
        style.set("algn", "l")
        style.find(".//{*}defRPr").set("b", "1")
    for body in title._element.xpath(".//a:bodyPr"):
        body.set("anchor", "t")


def _measured(deck: Presentation, name: str, *, meant: bool) -> Master:
    """Choose the layout that is nothing but a title, and find the room below it, as a template means it."""
    layouts = [layout for layout in deck.slide_layouts if _title_of(layout) is not None]
    if not layouts:
        raise UsageError(f"{name} has no layout with a title; give one that has")
    scale = int(deck.slide_width or 1) / _EMU / SIZE[0]
    wide, high = SIZE[0], int(deck.slide_height or 1) / _EMU / scale
    layout = min(layouts, key=lambda each: sum(_kind(shape) not in _FEET for shape in _placeholders(each)))
    title = _box(_title_of(layout), scale)
    feet = [_box(shape, scale).top for shape in _placeholders(layout) if _kind(shape) in _FEET]
    floor = min([top for top in feet if top > 0.7 * high] + [0.95 * high])
    margin = min(max(title.left, 0.03 * wide), 0.1 * wide)
    room = Box(margin, title.bottom + 0.05, wide - 2 * margin, floor - title.bottom - 0.1)
    bodies = [
        _box(shape, scale) for each in layouts for shape in _placeholders(each) if meant and _kind(shape) in _BODIES
    ]
    wider = [box for box in bodies if box.top >= title.bottom - 0.05 and box.width > 0.8 * room.width]
    room = max([box for box in wider if box.height > _LEAST * high], key=lambda box: box.height, default=room)
    room = replace(room, height=min(room.bottom, 0.97 * high) - room.top)
    if room.height < _LEAST * high:  # the title of the template stands where slides have their content
        title = Box(margin, 0.05 * high, wide - 2 * margin, 0.15 * high)
        room = Box(margin, 0.22 * high, wide - 2 * margin, 0.7 * high)
    return Master(deck, layout, title, room, scale)


def _placeholders(layout: Any) -> list[Any]:
    return list(layout.placeholders)


def _title_of(layout: Any) -> Any:
    """Return the placeholder of a layout's title, if it has one."""
    return next((shape for shape in _placeholders(layout) if shape.placeholder_format.idx == 0), None)


def _kind(shape: Any) -> str:
    return str(shape.placeholder_format.type)


def _box(shape: Any, scale: float) -> Box:
    return Box(*(int(x or 0) / _EMU / scale for x in (shape.left, shape.top, shape.width, shape.height)))
