"""Every command that a page tells the reader to type is one the program takes."""

import re
import shlex
from pathlib import Path

import pytest

from retainsim.cli.root import COMMANDS, main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINES = [
    pytest.param(page, line, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
    for page in PAGES
    if "reference" not in page.parts  # the examples of its commands are run as they are
    for number, line in enumerate(
        re.findall(r"^ {0,4}(retainsim .+?)(?: {2,}#.*)?$", page.read_text(encoding="utf-8"), re.M)
    )
]


def test_there_are_commands_to_check():
    assert len(LINES) > 20


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_command_on_a_page_is_one_the_program_takes(page, line):
    _, name, *words = shlex.split(line)
    command = main.get_command(None, name)
    assert command is not None, f"{page}: {line}"
    command.make_context(name, words)  # fails where an option or argument is not known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_scenario_on_a_page_is_one_that_ships(page):
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"scenarios/[\w/]+\.toml", text):
        assert (ROOT / name).is_file(), name


def test_every_question_has_a_page():
    asked = {"breakeven", "sweep", "tornado", "optimise", "account", "uncertainty"}
    assert asked <= set(COMMANDS)
    assert asked <= {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert link.startswith("http") or (page.parent / link).exists(), link
