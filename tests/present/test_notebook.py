"""What a cell of a notebook shows: a scenario, a run and an answer, in one style, nothing of it taken as markup."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import retainsim
from retainsim import markup
from retainsim.charts.lettering import sentence, visible
from retainsim.present.armtable import arm_rows
from retainsim.present.notebook import _column

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def words(fragment):
    """Return the visible text of a fragment, which is well-formed: style left out, all white space alike."""
    root = ElementTree.fromstring(fragment)
    return " ".join(" ".join(element.text or "" for element in root.iter() if element.tag != "style").split())


def ids(fragment):
    return [element.attrib["id"] for element in ElementTree.fromstring(fragment).iter() if "id" in element.attrib]


@pytest.mark.parametrize("name", FILES)
def test_a_scenario_shows_all_it_is_about(name):
    scenario = retainsim.load(FOLDER / f"{name}.toml")
    text, today = words(scenario._repr_html_()), scenario.parameters
    assert text.startswith(scenario.title)
    assert f"{today.pool.customers:,} customers" in text
    for group, found in (("Segment", today.segments), ("Channel", today.acquisition), ("Arm", today.arms)):
        assert all(f"{group} {each}" in text for each in found)
    assert all(" ".join((scenario.arms[arm].title or arm).split()) in text for arm in today.arms)
    assert all(on.replace("_", " ") in text for on in today.on)
    assert all(f"Client {client.name}" in text for client in today.accounts[:8])
    assert all(path in text for path in scenario.distributions)


def test_a_scenario_writes_amounts_and_shares_with_their_units():
    text = words(retainsim.load(FOLDER / "five_points.toml")._repr_html_())
    assert "80 % of the pool; pays EUR 60 a month, gross margin 75 %, EUR 12 a month to serve" in text
    assert "22 % leave within a year" in text
    assert "64 joins a month for EUR 36,000 a month, at most 160 however much is spent" in text
    assert "9 joins a month, at EUR 2,500 each" in text


def test_a_run_shows_verdict_intervals_and_the_first_chart(some):
    fragment = some._repr_html_()
    text = words(fragment)
    for said in some.verdict:
        assert " ".join(visible(sentence(said)).split()) in text
    for row in arm_rows(some):
        assert all(" ".join(cell.split()) in text for cell in row)
    assert fragment.count("<svg") == 1
    assert len(ids(fragment)) == len(set(ids(fragment)))


def test_the_charts_of_two_runs_share_no_id(plain):
    other = retainsim.run(plain.scenario, replications=plain.report["run"]["replications"] + 1, jobs=1)
    assert not set(ids(plain._repr_html_())) & set(ids(other._repr_html_()))


def test_an_answer_shows_verdict_chart_and_the_beginning_of_its_table(plain):
    answer = retainsim.breakeven(plain.scenario, "segments.small.price", match="retention", replications=2, jobs=1)
    fragment = answer._repr_html_()
    assert answer.verdict[0] in words(fragment)
    assert fragment.count("<svg") == 1
    rows = ElementTree.fromstring(fragment).findall(".//table/tbody/tr")
    assert len(rows) == min(12, len(answer.table))


def test_nothing_a_user_wrote_becomes_a_tag():
    hostile = "<script>alert(1)</script> & <b>"
    assert hostile in words(markup.fragment(markup.heading(hostile)))
    parts = markup.table([hostile], [[hostile]], caption=hostile) + markup.pairs([(hostile, hostile)])
    parts += markup.verdict([hostile, hostile]) + markup.note(hostile) + markup.beware([hostile])
    parts += markup.figure("", hostile, hostile)
    assert words(markup.fragment(parts)).count(hostile) == 11
    assert "<script>" not in parts


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ([1e6, 1e-9, -2.5], ["1,000,000", "0", "-2.500"]),
        ([0.123456, np.nan], ["0.1235", "–"]),
        ([3, 4_000], ["3", "4,000"]),
        ([True, False], ["True", "False"]),
        (["keep", None], ["keep", "–"]),
    ],
)
def test_a_column_is_written_as_people_read_it(column, written):
    assert _column(pd.Series(column)) == written
