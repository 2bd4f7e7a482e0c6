"""Every notebook asks one question, answers it by computing, and runs clean from start to end in a kernel of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NAMES = (
    "building_a_deck", "discount_heavy_client", "five_per_cent", "pool_with_two_pipes", "which_leak_first",
    "your_own_data",
)  # fmt: skip
each = pytest.mark.parametrize("name", NAMES)


def notebook(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def prose(found):
    return "\n\n".join(cell.source for cell in found.cells if cell.cell_type == "markdown")


def answer_of(found):
    """Return the cell that computes the answer, which stands near the top."""
    return next(cell for cell in found.cells[:4] if cell.cell_type == "code" and 'f"**Answer' in cell.source)


def test_these_are_all_the_notebooks():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NAMES)


@each
def test_nothing_that_ran_is_committed(name):
    found = notebook(name)
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None and not cell.metadata for cell in code)
    assert set(found.metadata) <= {"kernelspec", "language_info"}
    assert found.metadata.language_info == {"name": "python"}


@each
def test_the_first_cell_asks_and_the_answer_near_the_top_is_computed(name):
    found = notebook(name)
    assert found.cells[0].cell_type == "markdown"
    assert found.cells[0].source.split("\n")[0].endswith("?")
    assert answer_of(found)


@each
def test_it_says_what_would_change_the_answer_and_what_to_read_next(name):
    text = prose(notebook(name))
    assert "## What would change the answer" in text
    assert "## Read next" in text.split("## What would change the answer")[1]


@each
def test_its_links_lead_somewhere(name):
    for link in re.findall(r"\]\(([^)#]+)\)", prose(notebook(name))):
        assert (FOLDER / link).is_file(), link


@each
def test_the_scenarios_it_names_are_there(name):
    text = "\n".join(cell.source for cell in notebook(name).cells)
    for path in re.findall(r"scenarios/[\w/]+\.\w+", text):
        assert (ROOT / path).is_file(), path


def test_cells_are_formatted_and_without_lint():
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", str(FOLDER)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.long
@each
def test_it_runs_clean_from_start_to_end(name, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    inherited = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    environment = inherited | {"IPYTHONDIR": str(tmp_path / "ipython"), "TMPDIR": str(tmp_path)}
    found = notebook(name)
    client = NotebookClient(found, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env=environment)

    shown = [output for cell in found.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in shown if output.output_type == "stream"] == []
    answer = answer_of(found).outputs[0].data["text/markdown"]
    assert re.match(r"\*\*Answer\b", answer)
    assert not re.search(r"\bnan\b|\binf\b|None", answer)
    assert sum("image/png" in output.get("data", {}) for output in shown) >= 1
