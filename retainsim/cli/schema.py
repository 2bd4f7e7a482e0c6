"""Schema: the command that prints the JSON Schema of scenario files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retainsim.cli import option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Print the JSON Schema of scenario files, for editors.")
@click.option("-o", "--out", help="File to write it to, instead of printing it.")
@option.force("Overwrite the file given by --out.")
@option.screen
def command(*, out: str | None, force: bool, screen: Screen) -> None:
    """Print the JSON Schema of scenario files.

    An editor that knows it completes keys, shows their units and meaning, and marks what is wrong. With the
    extension Even Better TOML of VS Code, put "#:schema ./retainsim.schema.json" into the first line of a scenario.

    \b
    Example:
      retainsim schema -o retainsim.schema.json
    """
    from retainsim.cli.place import write_new
    from retainsim.scenario.jsonschema import json_schema

    schema = json_schema()
    if out is None:
        screen.answer(schema)
        return
    write_new(Path(out), json.dumps(schema, indent=1, ensure_ascii=False) + "\n", force=force)
    if screen.as_json:
        screen.answer({"file": out})
    else:
        screen.note(f"schema: {out}")
