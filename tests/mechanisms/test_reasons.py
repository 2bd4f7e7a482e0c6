"""Reasons: why customers leave, by shares observed; a change of one scales it and no other."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim.calibration import calibrate
from retainsim.mechanisms.reasons import PRESET_NOTES, PRESETS

TWO = {"small": SEGMENT | {"share": 0.7}, "large": SEGMENT | {"share": 0.3, "annual_churn": 0.1}}


def hazards(today, each=None, at=0.0):
    """Return base hazards in force at a month, shape (segments, reasons)."""
    found = world(today, each)
    if at:
        found.env.run(until=at)
        found.change()
    return found.churn.table[:, 0]


def test_the_five_reasons_are_those_widely_quoted():
    assert PRESETS["five-reasons"] == {
        "unexplained": 3, "relationship": 5, "competition": 10, "product": 14, "indifference": 68
    }  # fmt: skip


def test_keaveneys_reasons_are_her_shares_normalised():
    """Of switchers naming each, many more than one (Keaveney 1995): %, price to competition by her table."""
    named = {
        "core_failure": 44.3, "encounter": 34.1, "price": 29.9, "inconvenience": 20.7, "response": 17.3,
        "competition": 10.2, "ethics": 7.5, "involuntary": 6.2,
    }  # fmt: skip
    total = sum(named.values())
    assert PRESETS["keaveney-1995"].keys() == named.keys()
    assert PRESETS["keaveney-1995"] == pytest.approx({k: v / total for k, v in named.items()}, abs=1.5e-3)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_comes_with_a_note_on_its_source(preset):
    assert PRESET_NOTES[preset]
    today = parameters(churn={"preset": preset})
    assert today.churn.shares() == PRESETS[preset]


def test_without_a_word_on_reasons_they_are_keaveneys():
    assert parameters(churn={}).churn.shares() == PRESETS["keaveney-1995"]


def test_reasons_come_in_the_shares_given_on_any_scale():
    """n = 50,000 leavings or so: every share within 4 standard errors."""
    today = parameters(churn={"preset": "five-reasons"}, pool={"customers": 50_000}, run={"months": 36})
    outcome = play(today)
    left = outcome.left.sum(axis=(0, 1, 2))
    wanted = np.array([PRESETS["five-reasons"][r] for r in sorted(PRESETS["five-reasons"])]) / 100
    assert (np.abs(left / left.sum() - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / left.sum())).all()


@pytest.mark.parametrize("reason", ["price", "service"])
def test_a_change_of_one_reasons_share_scales_it_and_no_other(reason):
    today = parameters(segments=TWO)
    found = hazards(today, arm(change=[{"set": f"churn.reasons.{reason}", "times": 0.5}]))
    relative = found / setup(today).bases.hazards
    assert relative[:, ["price", "service"].index(reason)] == pytest.approx(0.5)
    assert relative[:, 1 - ["price", "service"].index(reason)] == pytest.approx(1.0)


def test_a_change_of_churn_scales_the_base_by_the_ratio_of_logs():
    today = parameters(segments=TWO)
    found = hazards(today, arm(change=[{"set": "segments.small.annual_churn", "to": 0.2}])) / setup(today).bases.hazards
    assert found[1] == pytest.approx(math.log(0.8) / math.log(0.7))
    assert found[0] == pytest.approx(1.0)


def test_a_change_of_churn_gives_the_new_churn_where_hazards_are_constant():
    today = parameters(pool={"customers": 50_000}, run={"months": 12})
    outcome = play(today, arm(change=[{"set": "segments.small.annual_churn", "to": 0.2}]))
    assert abs(outcome.retention_12m - 0.8) < 4 * math.sqrt(0.8 * 0.2 / 50_000)


def test_changes_hold_from_their_month_to_their_end():
    today = parameters()
    change = [{"set": "churn.reasons.price", "times": 3.0, "from_month": 4.5, "until_month": 8.0}]
    found = [hazards(today, arm(change=change), at=month)[0, 0] for month in (4.4, 4.5, 7.9, 8.0)]
    assert np.array(found) / setup(today).bases.hazards[0, 0] == pytest.approx([1.0, 3.0, 3.0, 1.0])


def test_a_reason_without_a_share_loses_nobody():
    outcome = play(parameters(churn={"reasons": {"price": 1.0, "boredom": 0.0}}))
    assert outcome.left[..., 0].sum() == 0
    assert outcome.left[..., 1].sum() > 0


def test_calibrated_shares_are_of_leavings_also_where_a_programme_aims_at_some():
    programme = {"spend_per_customer": 2.0, "effect": 0.4, "ceiling": 0.6, "aims_at": ["price"]}
    today = parameters(mechanisms={"retention_programme": programme}, pool={"customers": 50_000})
    found = calibrate(today)
    assert found.retention == pytest.approx([0.7], abs=1e-9)
    left = play(today, bases=found.bases).left.sum(axis=(0, 1, 2))
    assert abs(left[0] / left.sum() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / left.sum())
