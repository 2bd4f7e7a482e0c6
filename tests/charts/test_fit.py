"""The charts of a fit: nothing overlaps or is clipped, and the title says what the tables say."""

import dataclasses
import functools
import sys
from pathlib import Path

import pytest
from matrix import OF_FITS
from visible_text import leaving, overlapping, texts

import retainsim

sys.path.insert(0, str(Path(__file__).parents[1]))

from fit import firm

from retainsim.fit import replay

LONG = "a_segment_with_a_name_as_long_as_may_be"


@functools.cache
def answer(name):
    """Return the answer of a fit, its replay short."""
    before, replay.REPLICATIONS = replay.REPLICATIONS, 3
    try:
        if name == "orders":
            return retainsim.fit(firm.orders(400)).answer
        frame = firm.customers(600, years=2 if name == "short" else 5)
        if name == "many":
            frame["plan"] = [f"{LONG}_{i % 6}" for i in range(len(frame))]
            frame["reason"] = frame["reason"].where(frame["reason"] == "", frame.index.astype(str).str[-1] + " " + LONG)
        found = retainsim.fit(frame, by="plan").answer
    finally:
        replay.REPLICATIONS = before
    title = found.scenario.title * 4 if name == "many" else found.scenario.title
    report = found.report | {"scenario": found.report["scenario"] | {"title": title}}
    return dataclasses.replace(found, report=report)


CASES = [
    *(
        (name, chart)
        for name in ("plain", "many", "short")
        for chart in ("fitted_survival", "backcast", "fitted_cohorts", "fitted_incidence")
    ),
    ("orders", "backcast"),
]


def test_every_chart_of_a_fit_is_drawn():
    assert {chart for _, chart in CASES} == set(OF_FITS)


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def drawn(request):
    name, chart = request.param
    figure = answer(name).plot(chart).figure
    figure.canvas.draw()
    return figure


def test_no_text_overlaps_another(drawn):
    assert overlapping(drawn) == []


def test_no_text_leaves_the_slide(drawn):
    assert leaving(drawn) == []


def test_text_can_be_read_and_the_title_states_a_number(drawn):
    assert min(text.get_size() for text in texts(drawn)) >= 12
    assert any(letter.isdigit() for letter in drawn.get_label())


def test_the_title_of_survival_tells_the_widest_gap():
    found = answer("plain")
    marks = found.tables["checks"][found.tables["checks"].name.str.startswith("still there")]
    gap = 100 * (marks.simulated - marks.observed).abs().max()
    assert f"{gap:.1f} points" in found.plot("fitted_survival").figure.get_label()
