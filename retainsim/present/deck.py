"""Deck: a run as slides a director can read, whose charts PowerPoint can edit."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts import chart, names_of
from retainsim.charts.canvas import INCH, LARGE, drawn, head_of, slide_of, source_of
from retainsim.charts.colours import ink
from retainsim.charts.lettering import balance, bound, height, level, sentence, spread
from retainsim.present import origin
from retainsim.present.armtable import arm_rows, caption, heads
from retainsim.present.assumption import assumptions
from retainsim.present.editable import add_chart, plot_box
from retainsim.present.master import Box, Master, open_master
from retainsim.present.native import Native, Part
from retainsim.present.natives import native
from retainsim.present.package import settled
from retainsim.present.page import INSET, MUTED, Page
from retainsim.results import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results
    from retainsim.study.answer import Answer

_GAP = 0.25
_ENDS = 0.24
"""Share of the width beside lines that their names take."""
_SMALL = 12.0
_BODIES = (18.0, 16.0, 14.0, 13.0, 12.0)


def write(results: Results, path: str | os.PathLike[str], *, template: str | os.PathLike[str] | None = None) -> Path:
    """Write the deck of a run, on the master of a template if one is given, and return its path.

    Raises
    ------
    UsageError
        If the template cannot be used.
    """
    master = open_master(template)
    write_headline(master, results, [origin.checked(results)])
    _arms(master, results)
    for name in names_of(results):
        _chart(master, results, name)
    write_assumptions(master, results)
    _self_check(master, results)
    content = content_of(master, results)
    write_whole(Path(path), lambda file: Path(file).write_bytes(content))
    return Path(path)


def content_of(master: Master, results: Results | Answer) -> bytes:
    """Return the deck as the content of a file that tells nothing of when it was made."""
    properties, file = master.deck.core_properties, io.BytesIO()
    properties.title, properties.author = origin.provenance(results)["Scenario"], "retainsim"
    properties.last_modified_by, properties.revision = "retainsim", 1
    properties.subject, properties.keywords = "", results.report["scenario"]["sha256"]
    master.deck.save(file)
    return settled(file.getvalue())


# -- slides of words --------------------------------------------------------------------------------------------


def write_headline(master: Master, results: Results | Answer, more: Sequence[str] = ()) -> None:
    """Say what the run answers: the first sentence above, the others below it, with more before the warnings."""
    first, *others = map(level, results.verdict)
    page = Page(master, first)
    write_foot(page, results, [])
    warnings = [level(f"Beware: {warning}") for warning in results.report["warnings"]]
    texts = [f"• {text}" for text in (*others, *more, *warnings)]
    for size in _BODIES:
        if _tall(texts, size, page.room) <= page.room.height:
            break
    while len(texts) > 1 and _tall(texts, size, page.room) > page.room.height:
        texts = [*texts[:-2], "• More in the notes of this slide."]
    page.text("\n".join(texts), size)
    page.notes(notes_of(results, [*results.verdict, *results.report["warnings"]]))


def _tall(texts: Sequence[str], size: float, room: Box) -> float:
    from retainsim.charts.lettering import wrap

    wide = (room.width - 2 * INSET[0]) * INCH
    return sum(height(wrap(text, size, wide, 99), size) for text in texts) / INCH + 2 * INSET[1] + 0.05


def _arms(master: Master, results: Results) -> None:
    rows = [heads(results), *arm_rows(results)]
    write_tables(
        master,
        results,
        "Every arm: what it is worth, and who is still there",
        rows,
        (3.2, 2.6, 2.6, 1.1, 1.1, 1.1),
        caption(results),
    )


def write_assumptions(master: Master, results: Results | Answer) -> None:
    """Say what the scenario assumes, key by key."""
    rows = [("Key", "Value", "Unit", "Meaning")]
    rows += [(each.key, each.said, each.unit, each.about) for each in assumptions(results)]
    title = f"The numbers above rest on {len(rows) - 1} assumptions of the scenario"
    write_tables(master, results, title, rows, (3.4, 2.4, 1.8, 4.0), " ".join(origin.terms(results)), right=99)


def _self_check(master: Master, results: Results) -> None:
    rows = [("Compared with a closed form", "Simulated", "Theory", "Allowed (4 standard errors)", "")]
    rows += [
        (each["name"], each["simulated"], each["theory"], each["allowed"], "agrees" if each["ok"] else "FAILED")
        for each in origin.self_check(results)
    ]
    said = "\n".join(f"{key}: {value}" for key, value in origin.provenance(results).items())
    page = Page(master, f"Appendix. {origin.checked(results)}")
    page.text(said, _SMALL, most=2)
    if len(rows) > 1:
        page.table(rows, (4.0, 1.6, 1.6, 2.8, 1.1), right=1)
    page.notes(notes_of(results, []))


def write_tables(
    master: Master, results: Results | Answer, title: str, rows: Sequence[Sequence[str]], widths: Sequence[float],
    about: str, *, right: int = 1,
) -> None:  # fmt: skip
    """Write rows on as many slides as they take, each with the head and the title."""
    head, rest, number = rows[0], list(rows[1:]), 0
    while rest:
        number += 1
        page = Page(master, title if number == 1 else f"{title} ({number})")
        if number == 1:
            page.text(about, _SMALL, colour=MUTED, most=3)
        write_foot(page, results, [])
        rest = rest[page.table([head, *rest], widths, size=_SMALL, right=right) :]
        page.notes(notes_of(results, []))


def write_foot(page: Page, results: Results | Answer, notes: Sequence[str]) -> None:
    """Write notes and the source at the bottom."""
    lines = [bound(sentence(line)) for line in (*notes, source_of(results))]
    page.text("\n".join(lines), _SMALL, colour=MUTED, most=2, foot=True)


def notes_of(results: Results | Answer, said: Sequence[str]) -> str:
    """Return speaker notes: what is shown, what identifies the run, what it rests on."""
    facts = [f"{key}: {value}" for key, value in origin.provenance(results).items()]
    warnings = [f"Beware: {warning}" for warning in results.report["warnings"]]
    return "\n".join([*said, "", *facts, "", "Assumptions:", *origin.terms(results), *warnings])


# -- slides of charts -------------------------------------------------------------------------------------------


def _chart(master: Master, results: Results, name: str) -> None:
    """Show a chart natively, or as a picture where it can only be drawn."""
    found = native(name, results)
    if found is None:
        write_picture(master, results, chart(name)(results))
        return
    page = Page(master, sentence(found.finding))
    page.text(bound(sentence(found.about)), LARGE, colour=MUTED, most=2)
    write_foot(page, results, found.notes)
    for part, box in zip(found.parts, _boxes(found, page.room), strict=True):
        if part.runs:
            _with_ends(page, part, box, found)
        else:
            add_chart(page.slide.shapes, part, box, master=master, alt=f"{found.finding}. {part.title}")
    page.notes(notes_of(results, [found.finding, found.about, *found.notes]))


def _boxes(found: Native, room: Box) -> list[Box]:
    """Place lines above one another, the rest side by side."""
    boxes, at = [], 0.0
    gaps = _GAP * (len(found.parts) - 1)
    for part in found.parts:
        share = part.share / sum(each.share for each in found.parts)
        if part.runs:
            tall = share * (room.height - gaps)
            boxes.append(replace(room, top=room.top + at, height=tall))
            at += tall + _GAP
        else:
            wide = share * (room.width - gaps)
            boxes.append(replace(room, left=room.left + at, width=wide))
            at += wide + _GAP
    return boxes


def _with_ends(page: Page, part: Part, box: Box, found: Native) -> None:
    """Draw lines, and write their names at their ends."""
    own = replace(box, width=(1 - _ENDS) * box.width)
    add_chart(page.slide.shapes, part, own, master=page.master, alt=f"{found.finding}. {part.title}")
    plot, scale = plot_box(part, own), part.scale
    room = (box.right - own.right - 2 * INSET[0]) * INCH
    for lines in (3, 2, 1):
        texts = [balance(f"{each.end} {each.name}".strip(), _SMALL, room, lines, bold=True) for each in part.series]
        tall = [height(text, _SMALL) / INCH + 0.02 for text in texts]
        if sum(tall) + 0.02 * len(tall) <= box.height:
            break
    span = scale.high - scale.low
    wanted = [-(plot.bottom - plot.height * (end - scale.low) / span) for end in part.ends]
    middles = spread(wanted, tall, -box.bottom, -box.top)
    for each, text, middle, high in zip(part.series, texts, middles, tall, strict=True):
        place = Box(own.right, -float(middle) - high / 2, box.right - own.right, high)
        page.write(place, text.split("\n"), _SMALL, colour=ink(each.colour), bold=True, tight=True)


def write_picture(master: Master, results: Results | Answer, ax: Axes) -> None:
    """Show a chart as a picture, without its own title."""
    slide, head = slide_of(ax), head_of(ax)
    page = Page(master, slide.finding)
    page.text(slide.about, LARGE, colour=MUTED, most=2)
    wide = min(page.room.width, page.room.height / (9 / 16 * (1 - head)))
    left = page.room.left + (page.room.width - wide) / 2
    place = Box(left, page.room.top, wide, wide * 9 / 16 * (1 - head))
    shape: Any = page.slide.shapes.add_picture(io.BytesIO(drawn(ax, "png")), *master.placed(place))
    shape.crop_top = head
    shape._element.nvPicPr.cNvPr.set("descr", f"{slide.finding}. {slide.about}")
    page.notes(notes_of(results, [slide.finding, slide.about, *slide.notes]))
