"""Markup: sentences, tables and drawings as a fragment of HTML, in one style for all that a notebook shows.

Whatever is written is taken as text: nothing that a scenario says can become a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """\
div.retainsim { max-width: 68rem; line-height: 1.45; }
div.retainsim p { margin: .35rem 0; }
div.retainsim p.lead { font-size: 1.15em; font-weight: 600; }
div.retainsim ul { margin: .35rem 0; padding-left: 1.2rem; }
div.retainsim table { border-collapse: collapse; margin: .6rem 0; border: 0; font-size: .95em; }
div.retainsim caption { caption-side: bottom; text-align: left; padding-top: .3rem; opacity: .75; font-size: .9em; }
div.retainsim tr { background: none !important; border: 0; }
div.retainsim th, div.retainsim td { text-align: left !important; vertical-align: top; padding: .2rem .9rem .2rem 0;
  border: 0; border-bottom: 1px solid rgba(128, 128, 128, .35); white-space: pre-line; max-width: 44rem;
  font-weight: normal; }
div.retainsim thead th { font-weight: 600; border-bottom: 2px solid rgba(128, 128, 128, .8); }
div.retainsim tbody th { font-weight: 600; }
div.retainsim .number { text-align: right !important; font-variant-numeric: tabular-nums; white-space: pre; }
div.retainsim .note { opacity: .75; font-size: .9em; }
div.retainsim .beware { border-left: 4px solid #b34d00; padding-left: .6rem; }
div.retainsim figure { margin: .6rem 0; background: #fff; color: #262626; padding: .4rem; }
div.retainsim figure svg { display: block; width: 100%; height: auto; }
div.retainsim figcaption { font-size: .9em; color: #595959; }
"""
"""It sets neither the colour of text nor the ground, drawings apart, so that it suits light and dark themes.
What a notebook sets for all tables gives way."""


def fragment(*parts: str) -> str:
    """Return parts, which are markup already, as one fragment with its style."""
    return f'<div class="retainsim"><style>{STYLE}</style>{"".join(parts)}</div>'


def verdict(sentences: Sequence[str]) -> str:
    """Return the sentences of an answer: the first leads, the others are listed."""
    first, rest = list(sentences[:1]), "".join(f"<li>{escape(each)}</li>" for each in sentences[1:])
    return "".join(f'<p class="lead">{escape(each)}</p>' for each in first) + (f"<ul>{rest}</ul>" if rest else "")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: Sequence[int] = (), caption: str = "") -> str:
    """Return a table whose first cell in a row is its head; columns hold numbers but for the first and `words`."""
    kinds = ["" if place in (0, *words) else ' class="number"' for place in range(len(heads))]
    top = "".join(f'<th scope="col"{kind}>{escape(head)}</th>' for head, kind in zip(heads, kinds, strict=True))
    body = "".join(f"<tr>{_row(row, kinds)}</tr>" for row in rows)
    below = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{below}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of terms and what is said of each."""
    said = "".join(f'<tr><th scope="row">{escape(term)}</th><td>{escape(text)}</td></tr>' for term, text in rows)
    return f"<table><tbody>{said}</tbody></table>"


def heading(text: str) -> str:
    """Return a heading."""
    return f'<p class="lead">{escape(text)}</p>'


def note(text: str) -> str:
    """Return what is said beside."""
    return f'<p class="note">{escape(text)}</p>'


def beware(lines: Iterable[str]) -> str:
    """Return what whoever relies on an answer should know, one paragraph each."""
    return "".join(f'<p class="beware">{escape(line)}</p>' for line in lines)


def figure(drawing: str, finding: str, about: str) -> str:
    """Return a drawing, which is markup already, below its finding and above what it shows."""
    return f"<figure><strong>{escape(finding)}</strong>{drawing}<figcaption>{escape(about)}</figcaption></figure>"


def _row(row: Sequence[str], kinds: Sequence[str]) -> str:
    cells = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
    return f'<th scope="row">{escape(row[0])}</th>{cells}'
