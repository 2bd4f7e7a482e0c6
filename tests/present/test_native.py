"""What charts show as plain values, and the sheets behind them."""

import dataclasses

import numpy as np
import pytest

from retainsim.charts import EXTRA, NAMES
from retainsim.charts.scales import Scale
from retainsim.present import natives
from retainsim.present.native import ends_of, money_axis, number_format
from retainsim.present.sheet import Column, listed, steps_of
from retainsim.wording import Money


def test_every_native_is_called_after_a_chart():
    assert set(natives.NAMES) <= {*NAMES, *EXTRA}


@pytest.mark.parametrize(
    ("largest", "unit", "said", "commas"),
    [
        (5e6, 1.0, "EUR m", 2),
        (5e3, 1.0, "EUR k", 1),
        (5.0, 1.0, "EUR", 0),
        (5e3, 1e6, "EUR bn", 1),
        (0.5, 1e6, "EUR m", 0),
    ],
)
def test_the_unit_of_an_axis_is_one_its_numbers_can_be_shown_in(largest, unit, said, commas):
    _, found, number = money_axis([0.0, largest], Money("EUR", unit))
    assert found == said
    assert number.split(";")[0].count(",") - 1 == commas


@pytest.mark.parametrize(
    ("ticks", "number"), [((0.0, 2.5), "#,##0.0"), ((0.0, 1.0), "#,##0"), ((0.0, 0.025), "#,##0.000")]
)
def test_ticks_are_shown_whole(ticks, number):
    assert number_format(Scale(0.0, ticks[-1], ticks, ("", ""))).split(";")[0] == number


def test_an_axis_starts_and_ends_at_a_tick():
    assert ends_of(Scale(-3.0, 11.0, (0.0, 5.0, 10.0), ("",) * 3)) == (-5.0, 15.0)
    assert ends_of(Scale(0.0, 10.0, (0.0, 5.0, 10.0), ("",) * 3)) == (0.0, 10.0)


@pytest.mark.parametrize("start", [10.0, 1.0, 0.0, -1.0, -10.0])
@pytest.mark.parametrize("change", [3.0, -3.0, 0.0])
def test_a_step_lies_between_where_it_starts_and_where_it_ends(run, start, change):
    part = natives.native("bridge", run("plain")).parts[0]
    series = dataclasses.replace(part.series[0], values=(change,), low=(None,), high=(None,), colours=("#000000",))
    part = dataclasses.replace(part, series=(series,), starts=(start,), categories=("step",), said=("",))
    columns = {column.name: column.values[0] for column in steps_of(part, "#1", "#2")}
    after = columns.pop("Value after it")
    above = sum(value for value in columns.values() if value > 0)
    below = sum(value for value in columns.values() if value < 0)
    ends = sorted((start, start + change))
    assert after == start + change
    assert above == max(ends[1], 0.0)
    assert below == min(ends[0], 0.0)
    drawn = sum(abs(value) for name, value in columns.items() if name != "Below the step")
    assert drawn == pytest.approx(abs(change))
    assert all(
        (name.startswith("Gain")) == (change >= 0)
        for name, value in columns.items()
        if value and name != "Below the step"
    )


def test_the_sheet_holds_lengths_of_intervals_beside_the_numbers():
    column = Column("NPV", (1.0,), "#000000", above=(0.5,), below=(0.25,))
    assert dict(listed([column])) == {
        "NPV": (1.0,), "95 % interval above: NPV": (0.5,), "95 % interval below: NPV": (0.25,)
    }  # fmt: skip


def test_arms_of_one_title_are_told_apart(run):
    from retainsim.present.editable import _told_apart

    found = _told_apart([Column("A", (1.0,), ""), Column("A", (2.0,), ""), Column("A (2)", (3.0,), "")])
    assert len({column.name for column in found}) == 3
    assert [column.values for column in found] == [(1.0,), (2.0,), (3.0,)]


def test_the_path_of_the_pool_is_the_mean_of_the_run(plain):
    part = natives.native("pool", plain).parts[0]
    monthly = plain.monthly[plain.monthly["arm"] == "baseline"]
    assert np.allclose(part.series[0].values, monthly.groupby("month")["pool"].mean())
    assert part.categories[0] == "0"


def test_areas_stand_on_one_another_up_to_all_who_left(plain):
    part = natives.native("incidence", plain).parts[0]
    assert part.kind == "areas"
    assert part.runs
    gone = 1.0 - natives.native("survival", plain).parts[0].series[0].values[-1]
    assert sum(series.values[-1] for series in part.series) == pytest.approx(gone)
    assert part.ends == sorted(part.ends)
    assert part.ends[0] == pytest.approx(part.series[0].values[-1] / 2)
    assert part.ends[-1] == pytest.approx(gone - part.series[-1].values[-1] / 2)


def test_survival_has_its_interval_once_a_year_and_at_the_end(plain):
    part = natives.native("survival", plain).parts[0]
    assert part.across == "Months since joining"
    for series in part.series:
        kept = [place for place, low in enumerate(series.low) if low is not None]
        assert kept == [12, len(series.values) - 1]
        assert all(series.low[place] <= series.values[place] <= series.high[place] for place in kept)


@pytest.mark.parametrize(("step", "number"), [(0.2, "0%"), (0.05, "0%"), (0.005, "0.0%"), (0.001, "0.0%")])
def test_shares_are_shown_as_per_cent(step, number):
    from retainsim.present.native import share_format

    assert share_format(Scale(0.0, 2 * step, (0.0, step, 2 * step), ("",) * 3)) == number


def test_what_a_report_lists_of_shares_is_per_cent(plain):
    from retainsim.present.report import html

    source = html(plain)
    assert '<th scope="col">Months since joining</th>' in source
    assert "100.0 %" in source
