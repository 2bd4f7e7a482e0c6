"""Picture: a chart as a drawing inside a page of HTML, its text as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from retainsim.charts.canvas import drawn, head_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_STYLE = "stroke-linejoin:round;stroke-linecap:butt"
"""What matplotlib says of every drawing in a style sheet, which in a page would hold for all of it."""


def inline(ax: Axes, name: str, *, title: str, about: str) -> str:
    """Return the drawing of a chart without its head, which the page writes itself.

    `name` sets its ids apart from those of other drawings of the page; `title` and `about` are read out.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    root = ElementTree.fromstring(drawn(ax, "svg"))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    for element in root.iter():
        _set_apart(element.attrib, name)
    _crop(root, head_of(ax))
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-about", "style": _STYLE}
    for place, (tag, text) in enumerate((("title", title), ("desc", about))):
        said = ElementTree.Element(f"{{{_SVG}}}{tag}", id=f"{name}-{'title' if tag == 'title' else 'about'}")
        said.text = text
        root.insert(place, said)
    return ElementTree.tostring(root, encoding="unicode")


def _crop(root: Any, head: float) -> None:
    left, top, wide, high = (float(x) for x in root.attrib["viewBox"].split())
    root.attrib["viewBox"] = f"{left:g} {top + head * high:.2f} {wide:g} {(1 - head) * high:.2f}"
    for size in ("width", "height"):
        root.attrib.pop(size)


def _set_apart(attributes: dict[str, str], name: str) -> None:
    """Put the name before ids and what refers to them."""
    for key, value in attributes.items():
        if key == "id":
            attributes[key] = f"{name}-{value}"
        elif key.endswith("href") and value.startswith("#"):
            attributes[key] = f"#{name}-{value[1:]}"
        elif "url(#" in value:
            attributes[key] = value.replace("url(#", f"url(#{name}-")
