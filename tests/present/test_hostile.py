"""Names that a program could take for a formula, for markup or for a command stay names, in every output."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

import openpyxl
import pytest
from present.conftest import CLIENT, HOSTILE, TEXTS, quoted, scenario

import retainsim
from retainsim.charts import canvas, chart, names_of
from retainsim.charts.lettering import clean

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""What could ring, colour or turn around what follows it."""
SPOKEN = [clean(title) for title in HOSTILE]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def results(run):
    return run("hostile")


@pytest.fixture(scope="module")
def answer():
    clients = "".join(CLIENT.format(name=quoted(name[:60])) for name in (HOSTILE[1], HOSTILE[-1]))
    text = scenario(title="=1+1 <script>alert(2)</script>", run="months = 6\nreplications = 2", tail=clients)
    return retainsim.account(retainsim.loads(text), jobs=1)


def parts(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode("utf-8") for name in file.namelist() if name.endswith((".xml", ".rels"))}


@pytest.mark.parametrize("what", ["deck", "workbook"])
def test_office_files_hold_names_as_text_and_lead_nowhere(results, tmp_path, what):
    found = parts(getattr(results, what)(tmp_path / "file"))
    for name, part in found.items():
        ElementTree.fromstring(part)
        assert not CONTROL.search(part), name
        assert 'TargetMode="External"' not in part, name
        assert not re.search(r"hlinkClick|<hyperlink", part), name
    said = "".join("".join(ElementTree.fromstring(part).itertext()) for part in found.values())
    assert all(title.split("'")[0] in " ".join(said.split()) for title in SPOKEN)


def test_no_cell_of_a_workbook_runs_a_name(results, tmp_path):
    book = openpyxl.load_workbook(results.workbook(tmp_path / "workbook.xlsx"))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    formulas = [cell.value for cell in cells if cell.data_type == "f"]
    assert formulas
    assert not [formula for formula in formulas if re.search(r"cmd|\|'|DDE|HYPERLINK|@SUM|script", formula)]
    assert [cell for cell in cells if cell.value == SPOKEN[0] and cell.data_type == "s"]


@pytest.mark.parametrize("name", ["npv", "bridge", "pool", "reasons", "cash", "concentration"])
def test_a_drawing_shows_names_as_text(results, name):
    assert name in names_of(results)
    root = ElementTree.fromstring(canvas.drawn(chart(name)(results, arm="a2"), "svg"))
    assert {element.tag for element in root.iter()}.isdisjoint({f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"})
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on")]
    said = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    assert "<script>alert(1)" in said
    assert not CONTROL.search(said)


def test_a_drawing_of_clients_shows_their_names_as_text(answer):
    root = ElementTree.fromstring(canvas.drawn(answer.plot("whale"), "svg"))
    said = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    assert "<script>alert(1)" in said
    assert not CONTROL.search(said)


def test_deck_and_report_of_an_answer_show_names_as_text(answer, tmp_path):
    for part in parts(answer.deck(tmp_path / "deck.pptx")).values():
        assert not CONTROL.search(part)
    source = answer.html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in source
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source
    assert not re.search(r"<[^>]*\son(error|load)=", source)
    assert not CONTROL.search(source)


def test_the_report_holds_nothing_that_cannot_be_seen(results, tmp_path):
    assert not CONTROL.search(results.html(tmp_path / "report.html").read_text(encoding="utf-8"))


def test_json_holds_names_as_they_are(results, tmp_path):
    folder = results.save(tmp_path / "kept")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert [arm["title"] for arm in summary["arms"].values()][1:] == list(HOSTILE)
    assert list(retainsim.open_run(folder).arms.values())[1:] == list(HOSTILE)


def test_the_terminal_shows_names_without_what_could_control_it(tmp_path):
    (tmp_path / "firm.toml").write_text(TEXTS["hostile"], encoding="utf-8")
    words = [sys.executable, "-m", "retainsim", "run", "firm.toml", "--no-charts", "--replications", "2", "--jobs", "1"]
    found = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, encoding="utf-8")
    assert "<script>alert(1)</script>" in found.stdout
    assert not CONTROL.search(found.stdout + found.stderr)


@pytest.mark.parametrize("key", ['segments."<b>"', 'churn.reasons."=cmd()"', 'acquisition."a\\nb"', 'arms."<script>"'])
def test_short_names_cannot_hold_markup(key):
    with pytest.raises(retainsim.ScenarioError, match="not a name"):
        retainsim.loads(TEXTS["plain"], {}) and retainsim.loads(TEXTS["plain"] + f"\n[{key}]\n")
