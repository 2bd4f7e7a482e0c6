"""A sweep plays what its table says, compares it with what it says, and plays nothing twice."""

import numpy as np
import pytest

import retainsim
from retainsim.study.store import Store
from retainsim.study.trials import Trials
from study.quick import TEXT, scenario

SPEND, POINTS = "acquisition.advertising.spend", "arms.retention.retention.points"


@pytest.fixture(scope="module")
def line():
    return retainsim.sweep(scenario(), {SPEND: "450:1800:4"}, jobs=1)


@pytest.fixture(scope="module")
def grid():
    return retainsim.isoprofit(scenario(), jobs=1)


def row(answer, measure="npv", **where):
    table = answer.table[answer.table["measure"] == measure]
    for key, value in where.items():
        table = table[table[key] == value]
    (found,) = table.to_dict("records")
    return found


def test_there_is_a_row_for_every_point_arm_and_measure(line):
    table = line.table
    assert line.report["rows"] == len(table) == 4 * 3 * table["measure"].nunique()
    assert {"npv", "npv_to_horizon", "pool_end", "retention_12m", "customer_equity"} <= set(table["measure"])
    assert not table.duplicated(["point", "arm", "measure"]).any()


def test_a_row_is_what_the_same_variant_played_alone_comes_to(line):
    trials = Trials(scenario(), jobs=1)
    own, base = (trials.values(trials.variant(arm, {SPEND: 1800.0})) for arm in ("retention", "baseline"))
    today = trials.values(trials.variant("baseline"))
    found = row(line, arm="retention", **{SPEND: 1800.0})
    assert found["mean"] == own.mean()
    assert found["difference"] == pytest.approx((own - base).mean(), rel=1e-12)
    assert found["vs_today"] == pytest.approx((own - today).mean(), rel=1e-12)
    half = 3.182446305 * (own - base).std(ddof=1) / 2  # Student's t, 3 degrees of freedom, 4 replications
    assert found["difference_high"] - found["difference"] == pytest.approx(half, rel=1e-8)


def test_at_todays_value_the_baseline_is_todays_plan(line):
    found = row(line, arm="baseline", **{SPEND: 900.0})
    assert (found["vs_today"], found["vs_today_low"], found["vs_today_high"]) == (0.0, 0.0, 0.0)


def test_no_gain_is_no_lever_and_costs_nothing(grid):
    for spend in grid.table[SPEND].unique():
        retained, base = (row(grid, arm=arm, **{SPEND: spend, POINTS: 0.0}) for arm in ("retention", "baseline"))
        assert retained["mean"] == base["mean"]
        assert retained["difference"] == 0.0


def test_the_map_has_todays_plan_on_it_and_nine_values_each_way(grid):
    assert grid.table[POINTS].nunique() == grid.table[SPEND].nunique() == 9
    assert row(grid, arm="retention", **{SPEND: 900.0, POINTS: 0.0})["vs_today"] == 0.0
    assert grid.report["shown"]["arm"] == "retention"
    assert grid.report["shown"]["against"] == "today"
    assert grid.charts == ("isoprofit",)


def test_what_varies_only_one_arm_is_played_for_that_arm_alone():
    played = []
    retainsim.sweep(scenario(), {POINTS: "1:5:5"}, jobs=1, progress=lambda done, wanted: played.append(wanted))
    assert max(played) == 4 * (5 + 2)


def test_a_free_gain_never_harms_at_any_spend():
    free = scenario({"arms.retention.retention": {"points": 5}})
    found = retainsim.sweep(free, {POINTS: "0,4,8", SPEND: "450,1800"}, arms=["retention"], jobs=1)
    assert (found.table[found.table["measure"] == "npv"]["difference"] >= 0).all()


def test_a_latin_hypercube_has_as_many_points_as_asked_within_the_bounds():
    found = retainsim.sweep(scenario(), {SPEND: "450:1800"}, assume={"segments.small.price": "50:70"}, points=5, jobs=1)
    points = found.table.drop_duplicates("point")
    assert len(points) == found.report["points"] == 5
    assert points[SPEND].between(450, 1800).all()
    assert points["segments.small.price"].between(50, 70).all()
    assert found.report["design"] == "lhs"
    assert found.report["shown"]["against"] == "baseline"


def test_what_is_assumed_holds_in_every_arm_and_is_not_what_an_arm_decides():
    churn = "segments.small.annual_churn"
    found = retainsim.sweep(scenario(), {}, assume={churn: "0.1,0.4"}, jobs=1)
    calm, leaky = (row(found, "retention_12m", arm="baseline", **{churn: value})["mean"] for value in (0.1, 0.4))
    assert calm - leaky > 0.15
    assert found.report["keys"][0]["how"] == "assumed"
    assert found.report["shown"]["against"] == "baseline"


def test_the_table_is_the_same_for_any_number_of_processes(line):
    other = retainsim.sweep(scenario(), {SPEND: "450:1800:4"}, jobs=2)
    assert other.table.equals(line.table)
    assert other.report == line.report


def test_an_interrupted_sweep_goes_on_where_it_stopped(line, tmp_path):
    store, done = Store(tmp_path), []

    def stop(played, wanted):
        done.append(played)
        if played == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retainsim.sweep(scenario(), {SPEND: "450:1800:4"}, jobs=1, store=store, progress=stop)
    played = []
    found = retainsim.sweep(
        scenario(), {SPEND: "450:1800:4"}, jobs=1, store=Store(tmp_path), progress=lambda d, w: played.append(w)
    )
    assert max(played) <= max(4 * 3 * 4 - 28, 4)
    assert found.recalled == "2 of 4 points were known from earlier"
    assert found.table.equals(line.table)
    assert found.report == line.report


def test_the_verdict_names_where_arms_change_places():
    """The advertising of twice the spend pays at little, and is wasted near the ceiling."""
    found = retainsim.sweep(scenario({"run.months": 36}), {SPEND: "200:4000:5"}, jobs=1)
    (crossing,) = (each for each in found.report["crossings"] if each["arm"] == "advertising")
    assert crossing["low"] < crossing["at"] < crossing["high"]
    assert not crossing["rises"]
    assert any(s.startswith("“Twice the advertising” is worth more than the baseline below") for s in found.verdict)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"vary": {}}, "nothing is varied"),
        ({"vary": {SPEND: "1:2:3"}, "assume": {SPEND: "1:2:3"}}, "both varied and assumed"),
        ({"vary": {SPEND: "1:2:3"}, "arms": ["retentoin"]}, "there is no arm 'retentoin'.*did you mean \"retention\""),
        ({"vary": {SPEND: "1:2"}}, "bounds 1:2 without values"),
        ({"vary": {SPEND: "1:2"}, "points": 1}, "at least 2"),
        ({"vary": {SPEND: "1"}, "points": 3}, "one value; give bounds"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked, says):
    with pytest.raises(retainsim.UsageError, match=says):
        retainsim.sweep(scenario(), **asked)


def test_a_gain_that_cannot_be_had_is_refused_before_anything_is_played():
    with pytest.raises(retainsim.ScenarioError, match=r"ask for at most 22\.00 points"):
        retainsim.sweep(scenario(), {POINTS: "5,30"}, jobs=1, progress=lambda d, w: pytest.fail("played"))


def test_a_map_of_more_than_one_lever_asks_which_is_meant():
    two = TEXT + "[arms.other]\nretention = { points = 3 }\n"
    with pytest.raises(retainsim.UsageError, match="retention or other; say which is meant, with --arm"):
        retainsim.isoprofit(scenario(text=two))
    with pytest.raises(retainsim.UsageError, match="is no channel with a spend"):
        retainsim.isoprofit(scenario(), channel="partners")


def test_an_arm_that_sets_what_is_varied_is_told():
    deaf = TEXT + '[arms.fixed]\nchange = [ { set = "acquisition.advertising.spend", to = 500 } ]\n'
    found = retainsim.sweep(scenario(text=deaf), {SPEND: "450,900"}, jobs=1)
    assert any(w.startswith(f"arm fixed sets {SPEND} itself") for w in found.warnings)
    fixed = found.table[(found.table["arm"] == "fixed") & (found.table["measure"] == "npv")]
    assert np.ptp(fixed["mean"]) < 1e-9 * abs(fixed["mean"].mean())
