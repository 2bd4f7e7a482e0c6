"""The explorer: a plan that starts as an arm of the file and goes where sliders say, each place played once."""

import pytest

import retainsim
from retainsim.study import explorer as module
from retainsim.study import task
from retainsim.study.draft import COST, POINTS
from retainsim.study.explorer import Explorer
from retainsim.wording import Money
from study import quick

SPEND = "acquisition.advertising.spend"
PRICE = "segments.small.price"
RATE = "run.discount_rate"
TIMED = (
    quick.TEXT
    + """
[arms.mixed]
retention = { churn = 0.9, ramp_months = 3, cost = { per_customer_month = 0.4, once = 100 } }
change = [
    { set = "acquisition.advertising.spend", times = 2.0, from_month = 4 },
    { set = "segments.small.price", by = 1.0, from_month = 2 },
]
investment = [ { at_month = 1, amount = 50 } ]
"""
)
CLIENT = (
    quick.TEXT
    + """
[[accounts]]
name = "Big"
segment = "small"
volume = 30
discount = 0.4
[arms.ask]
event = [ { kind = "renegotiate", account = "Big", at_month = 2, discount = 0.3, answer = "accepted" } ]
"""
)


def npv(results, arm="plan"):
    return results.outcomes.query("arm == @arm")["npv"].tolist()


def said(results, arm="plan"):
    return {key: value for key, value in results.report["arms"][arm].items() if key != "title"}


@pytest.fixture(scope="module")
def plain():
    return Explorer(quick.scenario(), PRICE, (RATE, 0.05, 0.2), replications=3)


@pytest.mark.parametrize(
    "values",
    [{}, {POINTS: 7.0, COST: 2.5}, {SPEND: 1_500.0, PRICE: 66.0}, {POINTS: 0.0}],
    ids=["start", "lever", "both", "none"],
)
def test_an_answer_is_what_a_run_of_the_plan_comes_to(plain, values):
    found, run = plain.answer(values), retainsim.run(plain.plan(values), replications=3, jobs=1)
    assert said(found) == said(run)
    assert found.verdict == run.verdict


@pytest.mark.parametrize("arm", ["retention", "mixed"])
def test_a_plan_that_nobody_moved_is_the_arm_it_started_as(arm):
    scenario = quick.scenario(text=TIMED)
    plan = Explorer(scenario, arm=arm, replications=3).answer()
    run = retainsim.run(scenario, replications=3, jobs=1)
    assert npv(plan) == npv(run, arm)
    assert npv(plan, "baseline") == npv(run, "baseline")


def test_what_no_arm_can_change_holds_in_the_baseline_too(plain):
    found = plain.answer({RATE: 0.15})
    run = retainsim.run(quick.scenario({RATE: 0.15}), replications=3, jobs=1)
    assert npv(found, "baseline") == npv(run, "baseline")
    assert npv(found) == npv(run, "retention")
    assert next(s for s in plain.sliders if s.key == RATE).label.endswith("(in both)")


def test_what_an_arm_can_change_leaves_the_baseline_alone(plain):
    assert npv(plain.answer({PRICE: 70.0}), "baseline") == npv(plain.answer(), "baseline")


def test_a_value_seen_before_is_not_played_again_and_the_baseline_is_played_once(monkeypatch):
    played, calibrated = [], []
    replicate, calibrate = task.replicate, module.calibrate
    monkeypatch.setattr(task, "replicate", lambda *given, **how: played.append(1) or replicate(*given, **how))
    monkeypatch.setattr(module, "calibrate", lambda today: calibrated.append(1) or calibrate(today))
    explorer = Explorer(quick.scenario(), replications=2)
    first = explorer.answer({POINTS: 4.0})
    assert len(played) == 4
    explorer.answer({POINTS: 6.0})
    assert len(played) == 6
    assert explorer.answer({POINTS: 4.0, SPEND: explorer.start[SPEND]}) is first
    assert (len(played), len(calibrated)) == (6, 1)


def test_what_is_moved_takes_the_place_of_the_arms_own_change_and_the_rest_stays():
    explorer = Explorer(quick.scenario(text=TIMED), arm="mixed", replications=2)
    assert explorer.start[SPEND] == 1_800.0
    arm = explorer.plan({SPEND: 700.0, COST: 0.0}).arms["plan"]
    assert [(change.set, change.to, change.by, change.from_month) for change in arm.change] == [
        (PRICE, None, 1.0, 2.0),
        (SPEND, 700.0, None, 0.0),
    ]
    assert (arm.retention.churn, arm.retention.ramp_months, arm.retention.cost.once) == (0.9, 3.0, 100.0)
    assert arm.retention.cost.per_customer_month == 0.0
    assert arm.investment[0].amount == 50


def test_a_lever_starts_at_the_points_it_gains_however_the_file_says_so():
    explorer = Explorer(quick.scenario(text=TIMED), arm="mixed", replications=2)
    assert explorer.start[POINTS] == pytest.approx(10 * 0.22, abs=0.005)  # a tenth of a churn of 22 points
    assert explorer.plan({POINTS: 3.0}).arms["plan"].retention.points == 3.0
    assert explorer.plan({POINTS: 3.0}).arms["plan"].retention.churn is None


def test_no_points_are_no_lever_and_cost_nothing(plain):
    assert plain.plan({POINTS: 0.0, COST: 9.0}).arms["plan"].retention is None
    assert npv(plain.answer({POINTS: 0.0, COST: 9.0})) == npv(plain.answer(), "baseline")


def test_the_discount_asked_of_a_client_can_be_moved():
    explorer = Explorer(quick.scenario(text=CLIENT), arm="ask", replications=2)
    key = "arms.plan.event.0.discount"
    slider = next(slider for slider in explorer.sliders if slider.key == key)
    assert (slider.number.low, slider.start, slider.number.high) == (0.0, 0.3, 0.4)
    assert slider.label == "Discount asked of Big"
    asked = explorer.plan({key: 0.1}).arms["plan"].event[0]
    assert (asked.discount, asked.answer) == (0.1, "accepted")
    assert sum(npv(explorer.answer({key: 0.1}))) > sum(npv(explorer.answer()))


def test_more_points_than_there_are_is_refused_with_the_most_there_is(plain):
    with pytest.raises(retainsim.ScenarioError, match=r"ask for at most 22\.00 points"):
        plain.answer({POINTS: 30.0})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"segments.small.prize": 1.0},
            "there is no slider 'segments.small.prize'.*did you mean .segments.small.price",
        ),
        ({PRICE: float("nan")}, "only finite numbers"),
    ],
)
def test_what_cannot_be_moved_is_refused(plain, values, text):
    with pytest.raises(retainsim.UsageError, match=text):
        plain.answer(values)


@pytest.mark.parametrize(
    ("keys", "how", "text"),
    [
        (["arms.retention.retention.points"], {}, "a plan has the sliders of its own lever"),
        (["segments.small.discount"], {}, "say between which values"),
        ([("segments.small.gross_margin", 0.1, 2.0)], {}, "is not allowed"),
        ([("segments.small.price", 70.0, 60.0)], {}, "first bound must be below"),
        (["segments.smal.price"], {}, "did you mean .small"),
        (["title"], {}, "title"),
        ([], {"arm": "retentoin"}, "did you mean .retention"),
        ([], {"replications": 1}, "at least 2"),
    ],
)
def test_what_cannot_be_explored_is_refused(keys, how, text):
    with pytest.raises(retainsim.UsageError, match=text):
        Explorer(quick.scenario(), *keys, **how)


def test_every_slider_of_every_scenario_that_ships_starts_between_its_ends(shipped):
    explorer = Explorer(shipped, replications=2)
    assert explorer.sliders[0].key == POINTS
    for slider in explorer.sliders:
        assert slider.number.low <= slider.start <= slider.number.high, slider.key
        steps = (slider.number.high - slider.number.low) / slider.step
        assert 40 < steps < 1_100, (slider.key, steps)
        assert slider.say(slider.start, Money("EUR"))


def test_a_whole_number_moves_in_whole_steps():
    explorer = Explorer(quick.scenario(), ("pool.customers", 100, 300), replications=2)
    slider = explorer.sliders[-1]
    assert (slider.step, slider.is_assumed) == (1.0, True)
    assert explorer.plan({"pool.customers": 200.0}).parameters.pool.customers == 200


def test_precision_is_told_with_the_number_of_replications(plain):
    results = plain.answer()
    gain = results.report["arms"]["plan"]["versus_baseline"]["npv"]
    half = Money("EUR").say((gain["high"] - gain["low"]) / 2)
    assert plain.precision(results).startswith("3 replications on common luck: ")
    assert f"within {half} (95 %)" in plain.precision(results)
    same = plain.answer({POINTS: 0.0})
    assert "known exactly" in plain.precision(same)


@pytest.fixture(params=["five_points", "web_shop", "what_to_measure", "key_account_landslide"])
def shipped(request):
    from pathlib import Path

    return retainsim.load(Path(__file__).parents[2] / "scenarios" / f"{request.param}.toml")
