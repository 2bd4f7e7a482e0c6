"""Measure: a page that says what every measure of a run means, from the glossary that decks and reports use."""

from __future__ import annotations

from pages.markdown import escape, table
from retainsim.present.glossary import GLOSSARY

HEAD = """\
# Measures

What the numbers of a run are called in `summary.json` and in tables, in charts, decks, reports and workbooks, and what
they mean. Money is in the scenario's currency and unit; every estimate is a mean over replications with its 95 %
interval.

"""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    rows = [[f"`{key}`", label, kind, escape(about)] for key, (label, kind, about) in GLOSSARY.items()]
    return {"measures.md": HEAD + table(["key", "name", "counted in", "meaning"], rows)}
