"""Example: a page with the scenarios that ship, from the files themselves."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pages.markdown import escape, table
from retainsim.cli.new import TEMPLATES

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
HEAD = """\
# Scenarios that ship

Each is one question, with a story and its numbers explained in comments. Run one as it stands, or copy it and put in
your own. What is switched on beside the basics is described under [mechanisms](mechanisms/index.md).

"""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    rows = [[f"`{name}.toml`", about] for name, about in TEMPLATES.items()]
    templates = "## Templates\n\n`retainsim new NAME --template TEMPLATE` writes a copy.\n\n" + table(
        ["file", "for"], rows
    )
    found = [_section(path) for path in sorted(SCENARIOS.glob("*.toml"))]
    return {"scenarios.md": "\n".join([HEAD + "## Scenarios\n", *found, templates])}


def _section(path: Path) -> str:
    """Return what a scenario asks, which arms it compares and which mechanisms are on."""
    tree = _merged(path)
    arms = "\n".join(f"- `{name}`: {escape(arm.get('title', name))}" for name, arm in tree.get("arms", {}).items())
    on = ", ".join(f"[{name}](mechanisms/{name}.md)" for name in sorted(tree.get("mechanisms", {})))
    return f"### `scenarios/{path.name}`\n\n{escape(tree['title'])}\n\n{arms}\n" + (f"\nOn: {on}.\n" if on else "")


def _merged(path: Path) -> dict:
    """Return a scenario with what it builds on, as far as titles, arms and mechanisms go."""
    tree = tomllib.loads(path.read_text("utf-8"))
    base = _merged(path.parent / tree["extends"]) if "extends" in tree else {}
    both = {key: base.get(key, {}) | tree.get(key, {}) for key in ("arms", "mechanisms")}
    return base | tree | both
