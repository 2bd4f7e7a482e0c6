"""The charts of those who join: what they say of who stays, who leaves and why."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from visible_text import texts

from retainsim.charts import chart, names_of
from retainsim.charts.tenure import down_from_all, up_from_none

CHARTS = ("survival", "incidence", "cohorts")


def said(found, name, arm=None):
    return chart(name)(found, arm=arm).figure.get_label().replace("\u00a0", " ")


def written(found, name, arm=None):
    shown = texts(chart(name)(found, arm=arm).figure)
    return " ".join(text.get_text() for text in shown).replace("\u00a0", " ").replace("\n", " ")


def with_lives(results, **arms):
    """Return the run with 100 who join at once in either of two replications, so many of whom leave: month, reason."""
    reasons = [c for c in results.lifetimes if c.startswith("left_")]
    rows = []
    for arm, left in arms.items():
        for replication in (0, 1):
            there = 100
            for month in range(12):
                gone = {f"left_{why}": n for (at, why), n in left.items() if at == month}
                keys = {"arm": arm, "replication": replication, "segment": "small", "tenure_month": month}
                rows.append(keys | {"at_risk": there} | dict.fromkeys(reasons, 0) | gone)
                there -= sum(gone.values())
    return dataclasses.replace(results, lifetimes=pd.DataFrame(rows))


@pytest.fixture(scope="module")
def known(run):
    lives = {
        "baseline": {(2, "price"): 20, (7, "core_failure"): 30},
        "retention": {(2, "price"): 18, (7, "core_failure"): 20},
        "none": {(2, "price"): 20, (7, "core_failure"): 30},
    }
    return with_lives(run("plain"), **lives)


def test_survival_is_told_with_its_difference(known):
    title = said(known, "survival", "retention")
    assert title.startswith("Five points more retention: 62.0 % of those who join are still there after one year")
    assert title.endswith("12.0 points more than in the baseline (95 %: 12.0 to 12.0)")


def test_survival_that_does_not_change_is_said_not_to(known):
    assert said(known, "survival", "none").endswith(
        "50.0 % of those who join are still there after one year, as in the baseline"
    )
    assert said(known, "survival", "baseline").startswith("50.0 % of those who join are still there after one year")


def test_customers_at_risk_stand_below_the_axis(known):
    text = written(known, "survival", "baseline")
    assert "Customers at risk, 3 replications together" in text
    assert " 200 200 " in text
    assert " 160 " in text


def test_incidence_names_the_reason_that_makes_the_difference(known):
    title = said(known, "incidence", "retention")
    assert "within one year, 12.0 points fewer of those who join leave (95 %: 12.0 to 12.0)" in title
    assert title.endswith("10.0 for core failure")


def test_incidence_of_every_reason_and_of_those_still_there_is_written(known):
    text = written(known, "incidence", "baseline")
    for words in ("30.0 % core failure", "20.0 % price", "50.0 % still there"):
        assert words in text
    assert said(known, "incidence", "baseline").startswith(
        "50.0 % of those who join leave within one year, above all for core failure: 30.0 % (95 %: 30.0 to 30.0)"
    )


def test_layers_of_incidence_end_at_all_who_left(known):
    lines = [line for line in chart("incidence")(known, arm="baseline").lines if len(line.get_xdata()) == 13]
    tops = [line.get_ydata()[-1] for line in lines]
    assert tops == pytest.approx([0.3, 0.5])


def test_layers_have_the_colours_of_their_reasons_and_none_the_same(run):
    from retainsim.charts.colours import reason_colours
    from retainsim.charts.incidence import look_of
    from retainsim.charts.subject import Subject

    for name in ("plain", "twelve_arms", "leaky"):
        look = look_of(Subject(run(name)))
        colours = reason_colours(run(name))
        assert len({layer.colour for layer in look.layers}) == len(look.layers) <= 7
        for layer in look.layers:
            assert layer.name.endswith("other reasons") or colours[layer.name.replace(" ", "_")] == layer.colour
        assert sum(layer.path[-1] for layer in look.layers) == pytest.approx(1 - look.mine.there[look.end])


def test_segments_are_told_apart_and_those_without_room_are_named(run):
    title = said(run("segments"), "survival", "retention")
    assert "points" in title
    text = written(run("segments"), "survival", "retention")
    assert "3 of 5 segments, those that most join, by segment at joining" in text
    assert text.count("Baseline") >= 3


def test_cohorts_are_compared_at_a_year(run):
    text = written(run("segments"), "cohorts", "baseline")
    assert "one year later" in text
    assert "2026-03 to 2026-05" in text
    assert "quarter" in text


def test_cells_of_cohorts_are_the_shares_of_the_tables(run):
    from retainsim.charts.cohorts import pair_of
    from retainsim.charts.subject import Subject

    found, _ = pair_of(Subject(run("plain")))
    lives = run("plain").customers
    mine = lives[(lives["arm"] == "baseline") & lives["joined_month"].between(0, 3, inclusive="right")]
    there = [(mine["left_month"].isna() | (mine["left_month"] > 3 * age + 3)).mean() for age in range(8)]
    assert found.shares[0] == pytest.approx(there)
    assert found.came[0] == pytest.approx(len(mine) / 3)


@pytest.mark.parametrize("name", CHARTS)
def test_a_run_nobody_joins_is_left_without(name, run):
    assert name in names_of(run("plain"))
    assert name not in names_of(run("six_months"))
    assert "Nobody" in said(run("six_months"), name)


@pytest.mark.parametrize("name", CHARTS)
def test_newcomers_at_month_0_are_told_of(name, run):
    assert name in names_of(run("new"))
    assert re.search("(after|within) two years|one year later", said(run("new"), name))


@pytest.mark.parametrize("lowest", [0.0, 0.3, 0.5, 0.83, 0.97, 0.9995, 1.0])
def test_an_axis_of_those_there_ends_at_all_of_them(lowest):
    found = down_from_all(lowest)
    assert found.high == 1.0
    assert found.low <= lowest
    assert 2 <= len(found.ticks) <= 7
    assert len(set(found.labels)) == len(found.ticks)


@pytest.mark.parametrize("highest", [0.0, 0.0004, 0.02, 0.3, 0.5, 0.51, 1.0])
def test_an_axis_of_those_gone_starts_at_none_of_them(highest):
    found = up_from_none(highest)
    assert found.low == 0.0
    assert highest <= found.high <= 1.0
    assert 2 <= len(found.ticks) <= 7
    assert np.diff(found.ticks).min() > 0
