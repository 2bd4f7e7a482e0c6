"""Arms on common luck are compared person by person: what that buys, against the bars of DESIGN section 10.

Case S: 2,000 customers, 100 joins a month, 60 months, 3 segments, 5 reasons, gamma frailty of variance 0.5, no terms.
The ratio is the variance of the NPV difference between arms played on different luck over that on the same luck, from
80 replications of each: its own standard error is about a quarter.
"""

from functools import cache

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, setup

from retainsim.calibration import calibrate, solve_lever
from retainsim.draws import Luck
from retainsim.engine import replicate

REPLICATIONS = 80
FRAIL = SEGMENT | {"frailty": {"kind": "gamma", "variance": 0.5}, "gross_margin": 0.75, "cost_to_serve": 10.0}


EVERYTHING = {
    "breach": {"per_year": 0.2, "wary": 0.005},
    "growth": {"volume_per_year": 0.05, "cost_to_serve_half_life": 24.0, "cost_to_serve_floor": 0.7},
    "referrals": {"rate": 0.004, "reward": 20.0},
    "retention_programme": {"spend_per_customer": 0.5, "effect": 0.05, "ceiling": 0.3},
}


@cache
def case_s(everything=False):
    segments = {
        "small": FRAIL | {"share": 0.6, "price": 40.0, "annual_churn": 0.25},
        "middle": FRAIL | {"share": 0.3, "price": 80.0, "annual_churn": 0.20},
        "large": FRAIL | {"share": 0.1, "price": 160.0, "annual_churn": 0.15},
    }
    today = parameters(
        run={"months": 60}, pool={"customers": 2000}, segments=segments, churn={"preset": "five-reasons"},
        acquisition={"ads": {"joins": 100.0, "cost_per_join": 200.0}}, mechanisms=EVERYTHING if everything else {},
    )  # fmt: skip
    return today, calibrate(today)


def five_points():
    today, found = case_s()
    lever = arm(retention={"points": 5.0})
    return lever, solve_lever(today, found, lever.retention, "here").factor


ARMS = {
    "baseline": lambda: (arm(), 1.0),
    "all_hazards": lambda: (arm(retention={"churn": 0.95}), 0.95),
    "five_points": five_points,
    "more_joins": lambda: (arm(change=[{"set": "acquisition.ads.joins", "times": 1.05}]), 1.0),
}


@cache
def npvs(name, seed, everything=False):
    """Return NPV to the horizon and with closing value, shape (2, replications)."""
    today, found = case_s(everything)
    each, factor = ARMS[name]()
    start = setup(today, each, factor=factor, bases=found.bases)
    count = REPLICATIONS // 4 if everything else REPLICATIONS  # ten times as slow
    outcomes = [replicate(start, Luck(seed, replication)) for replication in range(count)]
    return np.array([(o.npv_to_horizon, o.npv_to_horizon + o.closing.sum()) for o in outcomes]).T


def gains(name, seeds, everything=False):
    return npvs(name, seeds[0], everything) - npvs("baseline", seeds[1], everything)


def variance_ratio(name, everything=False):
    """Return how much coupling buys to the horizon and with closing value."""
    apart, coupled = (gains(name, seeds, everything).var(axis=1, ddof=1) for seeds in ((1, 2), (1, 1)))
    return apart / coupled


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "to_horizon", "with_closing"), [("all_hazards", 1000, 150), ("five_points", 50, 20), ("more_joins", 30, 0)]
)
def test_common_luck_makes_the_difference_between_arms_so_many_times_less_noisy(name, to_horizon, with_closing):
    ratio = variance_ratio(name)
    assert ratio[0] >= to_horizon
    assert ratio[1] >= with_closing


@pytest.mark.long
def test_it_still_does_with_every_mechanism_on():
    assert variance_ratio("all_hazards", everything=True)[0] >= 20


@pytest.mark.long
@pytest.mark.parametrize("name", ["all_hazards", "five_points", "more_joins"])
def test_common_luck_does_not_move_the_difference_itself(name):
    """Coupled and independent mean gains agree within 4 standard errors of the independent one."""
    coupled, apart = gains(name, (1, 1)), gains(name, (1, 2))
    error = np.sqrt((coupled.var(axis=1, ddof=1) + apart.var(axis=1, ddof=1)) / REPLICATIONS)
    assert (np.abs(coupled.mean(axis=1) - apart.mean(axis=1)) < 4 * error).all()
    assert (coupled.mean(axis=1) > 0).all() or name == "more_joins"
