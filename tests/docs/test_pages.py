"""Every block of every page runs, and what a page shows is what the program prints."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

from pages import page, picture  # noqa: E402 (found beside the package, not in it)

SH, PYTHON, SHOWN = "```sh\n{}\n```\n", "```python\n{}\n```\n", "<!-- output -->\n```text\n{}```\n"


@pytest.mark.long
@pytest.mark.parametrize("path", page.paths(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_runs_and_shows_what_is_printed(path):
    text = path.read_text(encoding="utf-8")
    assert page.refreshed(text) == text, "run python scripts/refresh_docs.py outputs"


def test_an_output_is_what_the_block_before_it_prints():
    text = PYTHON.format("print(6 * 7)") + "\n" + SHOWN
    assert page.refreshed(text.format("41\n")) == text.format("42\n")
    assert page.refreshed(text.format("42\n")) == text.format("42\n")


def test_an_output_of_a_command_of_its_own_is_what_that_prints():
    text = "<!-- output: retainsim new --list -->\n```text\nold\n```\n"
    assert "subscription: private customers" in page.refreshed(text)


def test_what_a_block_makes_is_there_for_the_next_one():
    page.refreshed(SH.format("retainsim new mine  # a starter") + SH.format("retainsim validate \\\n    mine.toml"))
    page.refreshed(PYTHON.format("name = 1") + PYTHON.format("assert name == 1"))


def test_a_file_that_a_page_tells_to_write_or_to_add_to_is_there():
    files = "<!-- file: mine.txt -->\n```toml\na = 1\n```\n\n<!-- append: mine.txt -->\n```toml\nb = 2\n```\n"
    check = "from pathlib import Path\nassert Path('mine.txt').read_text().split() == 'a = 1 b = 2'.split()"
    page.refreshed(files + PYTHON.format(check))


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (SH.format("retainsim validate nowhere.toml"), "exit code 3"),
        (SH.format("ls"), "only retainsim is run here"),
        (PYTHON.format("import retainsim\nretainsim.nothing"), "AttributeError"),
    ],
)
def test_a_block_that_does_not_run_is_told(block, says):
    with pytest.raises(page.BlockError, match=says):
        page.refreshed(block)


def test_what_is_not_shown_is_run_small_and_what_is_shown_as_it_stands():
    counted = 'import retainsim\nprint(retainsim.load("scenarios/five_points.toml").parameters.pool.customers)'
    assert "\n4000\n" in page.refreshed(PYTHON.format(counted) + "\n" + SHOWN.format(""))
    small = counted.replace("print(", "assert 200 == (")
    assert page.refreshed(PYTHON.format(small)) == PYTHON.format(small)


def test_few_blocks_are_not_run_and_each_says_why():
    found = [part for path in page.paths() for part in page.PART.finditer(path.read_text(encoding="utf-8"))]
    runnable = [part for part in found if part["kind"] in page.RUN]
    spared = [part for part in runnable if part["mark"] in page.UNRUN]
    assert all(part["value"] for part in spared)
    assert len(spared) < 0.2 * len(runnable)


@pytest.mark.parametrize("path", page.paths(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_says_what_it_holds(path):
    text = path.read_text(encoding="utf-8")
    kinds = [part["kind"] for part in page.PART.finditer(text) if not part["before"]]
    assert set(kinds) <= {"sh", "python", "toml", "text"}
    assert len(kinds) == len(re.findall(r"(?m)^ *```", text)) / 2
    assert not re.search(r"(?m)^ {4}retainsim ", text), "a block that is indented is not run"


@pytest.mark.parametrize("name", picture.NAMES)
def test_a_picture_is_small_and_holds_the_words_it_shows(name):
    path = picture.FOLDER / f"{name}.png"
    assert path.stat().st_size < picture.MOST
    assert "customers" in (picture.shown(path) or "") or "NPV" in (picture.shown(path) or "")
    with Image.open(path) as image:
        assert image.width > 1000


def test_the_words_of_a_picture_depend_on_neither_order_nor_line_breaks():
    from matplotlib.figure import Figure

    def drawn(*texts):
        ax = Figure().add_subplot()
        ax.set_axis_off()
        for text in texts:
            ax.text(0, 0, text)
        return picture.words(ax)

    assert drawn("worth EUR 2 m", "more") == drawn("more", "worth\nEUR 2 m") != drawn("more", "worth EUR 3 m")
