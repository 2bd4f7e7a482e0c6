"""Every block of every page runs, and what a page shows is what the program prints."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

from pages import page  # noqa: E402 (found beside the package, not in it)


@pytest.mark.long
@pytest.mark.parametrize("path", page.paths(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_runs_and_shows_what_is_printed(path):
    text = path.read_text(encoding="utf-8")
    assert page.refreshed(text) == text, "run python scripts/refresh_docs.py outputs"
