"""An arm changes values of the file from a month on, for a time, gradually or at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainsim import scenario
from retainsim.errors import ScenarioError
from retainsim.scenario.arms import Timeline, fold, folded, readable
from retainsim.scenario.schema import Arm, Change, Investment, Parameters, Piece, Retention

SPEND = "acquisition.ads.spend"


def parameters(**more):
    tree = {
        "pool": {"customers": 10},
        "run": {"months": 48},
        "segments": {"small": {"price": 10.0, "annual_churn": 0.2}},
        "acquisition": {"ads": {"spend": 100.0, "joins": 5.0, "ceiling": 20.0}},
        "mechanisms": {"growth": {"margin_by_year": [1.0, 2.0]}},
    }
    return Parameters.model_validate(tree | more)


def timeline(*changes, **arm):
    return Timeline(parameters(), Arm(change=[Change(**{"set": SPEND} | change) for change in changes], **arm))


def spend(line, time):
    return line.at(time).acquisition["ads"].spend


def test_an_arm_without_changes_has_the_very_parameters_of_the_file():
    given_parameters = parameters()
    assert Timeline(given_parameters, Arm()).at(7.0) is given_parameters
    assert Timeline(given_parameters, Arm()).breakpoints == []


def test_before_a_change_and_after_its_end_the_very_parameters_of_the_file_are_in_force():
    line = timeline({"to": 150.0, "from_month": 3, "until_month": 6})
    assert [spend(line, t) for t in (0, 2.9, 3, 5.9, 6, 40)] == [100, 100, 150, 150, 100, 100]
    assert line.at(0) is line.at(2) is line.at(6)
    assert line.at(3) is line.at(5)
    assert line.breakpoints == [3, 6]


@pytest.mark.parametrize(("change", "value"), [({"to": 150.0}, 150), ({"by": -30.0}, 70), ({"times": 1.05}, 105)])
def test_a_change_sets_adds_or_multiplies_and_nothing_else_differs(change, value):
    line = timeline(change)
    assert spend(line, 0) == pytest.approx(value)
    before, after = parameters().model_dump(), line.at(0).model_dump()
    after["acquisition"]["ads"]["spend"] = 100.0
    assert after == before


def test_a_ramp_is_held_at_the_middle_of_each_step_until_it_is_done():
    line = timeline({"to": 200.0, "from_month": 2, "ramp_months": 4})
    assert [spend(line, t) for t in (1, 2, 3, 4, 5, 6, 7)] == pytest.approx([100, 112.5, 137.5, 162.5, 187.5, 200, 200])
    assert line.breakpoints == [2, 6]
    assert line.at(6) is line.at(30)


def test_a_ramp_cut_off_by_its_end_has_no_breakpoint_after_it():
    assert timeline({"to": 200.0, "ramp_months": 9, "until_month": 6}).breakpoints == [6]


def test_changes_of_one_key_apply_one_after_another():
    line = timeline({"by": 20.0}, {"times": 2.0, "from_month": 5})
    assert (spend(line, 0), spend(line, 5)) == (120, 240)


def test_what_starts_at_the_horizon_never_happens():
    line = timeline({"to": 1.0, "from_month": 48})
    assert line.at(float("inf")) is line.at(0)
    assert line.breakpoints == []


def test_in_the_end_ramps_are_done_and_what_is_temporary_is_over():
    line = timeline({"to": 200.0, "ramp_months": 1000}, {"times": 2.0, "until_month": 3})
    assert spend(line, float("inf")) == 200


def test_the_retention_lever_adds_its_start_and_the_end_of_its_ramp():
    lever = Retention(points=5.0, from_month=2.0, ramp_months=6.0)
    assert timeline({"to": 1.0, "from_month": 4}, retention=lever).breakpoints == [2, 4, 8]


def test_a_change_may_reach_into_a_list():
    line = timeline({"set": "mechanisms.growth.margin_by_year.1", "by": 3.0})
    assert line.at(0).mechanisms.growth.margin_by_year == [1, 5]


def test_a_whole_number_on_a_ramp_is_rounded():
    line = timeline({"set": "pool.customers", "to": 13.0, "ramp_months": 4})
    assert [line.at(t).pool.customers for t in (0, 1, 2, 3, 4)] == [10, 11, 12, 13, 13]


def test_a_change_beyond_a_limit_is_a_scenario_error():
    with pytest.raises(ScenarioError, match=r"acquisition.ads.spend: out of range \(got -1\)"):
        timeline({"to": -1.0}).at(0)


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.1, 60), st.lists(st.floats(0, 60), min_size=2, max_size=2))
def test_between_two_breakpoints_nothing_but_a_ramp_changes(start, ramp, length, times):
    line = timeline({"to": 200.0, "from_month": start, "ramp_months": ramp, "until_month": start + length})
    one, other = sorted(times)
    on_ramp = start <= other and one < start + ramp
    if not on_ramp and not any(one < turn <= other for turn in line.breakpoints):
        assert line.at(one) is line.at(other)


def test_folding_joins_the_parts_of_an_arm_and_its_pieces():
    pieces = {
        "a": Piece(change=[Change(set="x", to=1.0)], investment=[Investment(amount=1.0)]),
        "b": Piece(retention=Retention(points=5.0), change=[Change(set="y", to=1.0)]),
    }
    arm = Arm(title="T", include=["b", "a"], change=[Change(set="z", to=1.0)], investment=[Investment(amount=2.0)])
    whole = fold(arm, pieces)
    assert [change.set for change in whole.change] == ["y", "x", "z"]
    assert [item.amount for item in whole.investment] == [1, 2]
    assert (whole.retention, whole.title, whole.include) == (Retention(points=5.0), "T", [])
    assert arm.include == ["b", "a"]


def test_the_baseline_comes_first_even_if_it_is_named_last():
    arms = folded(parameters(arms={"b_c": {}, "a": {"title": "A!"}, "baseline": {"investment": [{"amount": 1.0}]}}))
    assert list(arms) == ["baseline", "b_c", "a"]
    assert [arm.title for arm in arms.values()] == ["Baseline", "B c", "A!"]
    assert arms["baseline"].investment[0].amount == 1


@pytest.mark.parametrize(("name", "title"), [("five_points", "Five points"), ("x-2", "X 2"), ("_", "_"), ("ß", "SS")])
def test_a_name_becomes_words(name, title):
    assert readable(name) == title


def test_a_drawn_change_is_the_same_in_every_arm_that_includes_it():
    text = """
        [pool]
        customers = 1
        [segments.a]
        price = 1
        annual_churn = 0.1
        [pieces.p]
        change = [{ set = "segments.a.price", to = { uniform = [2, 3] } }]
        [arms.one]
        include = ["p"]
        [arms.two]
        include = ["p"]
    """
    arms = folded(scenario.loads(text).draw(3))
    prices = {arms[name].change[0].to for name in ("one", "two")}
    assert len(prices) == 1
    assert 2 < prices.pop() < 3
