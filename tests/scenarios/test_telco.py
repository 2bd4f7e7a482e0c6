"""The numbers of scenarios/telco.toml follow from its data: by the script, and by other ways."""

import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from retainsim import theory
from retainsim.laws import Duration
from retainsim.scenario.schema import Parameters

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scenarios"
SCRIPT = ROOT / "scripts" / "derive_telco.py"
CONTRACTS = {"month_to_month": "Month-to-month", "one_year": "One year", "two_year": "Two year"}
END = 72.0  # months: the last tenure in the data


@pytest.fixture(scope="module")
def scenario():
    return Parameters.model_validate(tomllib.loads((FOLDER / "telco.toml").read_text("utf-8")))


@pytest.fixture(scope="module")
def customers():
    return pd.read_csv(FOLDER / "data" / "telco.csv")


@pytest.fixture(params=CONTRACTS, scope="module")
def segment(request):
    return request.param


@pytest.fixture(scope="module")
def rows(customers, segment):
    return customers[customers.Contract == CONTRACTS[segment]]


@pytest.fixture(scope="module")
def survival(scenario, rows, segment):
    """Survival by tenure under the factors of the file and the base of the data."""
    base = (rows.Churn == "Yes").sum() / rows.tenure.sum()
    law = scenario.segments[segment].law(None)
    assert isinstance(law, Duration)
    return lambda tenure: np.exp(-base * law.cumulative(np.asarray(tenure, dtype=float)))


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(SCRIPT.anchor))


def test_the_script_reproduces_the_shipped_file():
    done = run("--check")
    assert done.returncode == 0, done.stderr


def test_the_script_notices_a_number_that_was_changed_by_hand(tmp_path):
    changed = tmp_path / "telco.toml"
    text = (FOLDER / "telco.toml").read_text("utf-8")
    changed.write_text(text.replace("annual_churn = 0.2", "annual_churn = 0.3", 1), encoding="utf-8")
    done = run("--check", "--scenario", changed)
    assert done.returncode == 1
    assert "annual_churn" in done.stderr
    assert "0.3" in changed.read_text("utf-8")


def test_the_script_follows_the_data(tmp_path, customers):
    data, written = tmp_path / "fewer.csv", tmp_path / "fewer.toml"
    customers.iloc[::2].to_csv(data, index=False)
    assert run("--data", data, "--scenario", written).returncode == 0
    found = Parameters.model_validate(tomllib.loads(written.read_text("utf-8")))
    assert found.pool.customers == (customers.iloc[::2].Churn == "No").sum()
    assert found.acquisition["advertising"].joins == pytest.approx(57.9 / 2, rel=0.1)


def test_the_pool_is_everybody_who_has_not_left(scenario, customers):
    present = customers[customers.Churn == "No"].groupby("Contract").size()
    assert scenario.pool.customers == present.sum() == 5174
    assert {CONTRACTS[name]: s.share for name, s in scenario.segments.items()} == present.to_dict()


def test_the_price_is_what_those_present_are_charged(scenario, rows, segment):
    charged = rows[rows.Churn == "No"].MonthlyCharges.mean()
    assert scenario.segments[segment].price == pytest.approx(charged, abs=0.005)


def test_survival_is_within_2_5_points_of_kaplan_and_meier(rows, survival):
    """n = 3,875, 1,473 and 1,695 lives; the estimate needs no bands and no hazard."""
    lives = stats.CensoredData.right_censored(rows.tenure.to_numpy(float), rows.Churn.to_numpy() == "No")
    tenures = np.array([12.0, 24.0, 36.0, 48.0, 60.0])
    seen = stats.ecdf(lives).sf.evaluate(tenures)
    assert np.abs(survival(tenures) - seen).max() < 0.025


def test_the_hazards_lose_as_many_customers_as_the_data(scenario, rows, segment, survival):
    """Expected leavings, customer by customer over its own tenure, against those counted."""
    expected = -np.log(survival(rows.tenure)).sum()
    assert expected == pytest.approx((rows.Churn == "Yes").sum(), rel=1e-3)


def test_annual_churn_is_that_of_a_settled_pool_under_these_hazards(scenario, segment, survival):
    assert scenario.pool.tenure == "settled"
    assert 12 * scenario.pool.age_years == END
    knots = scenario.segments[segment].duration.months

    def area(start):
        """Integrate survival from `start` to END + `start`, its kinks named to the integrator."""
        kinks = [knot for knot in (*knots, END) if start < knot < END + start]
        return integrate.quad(survival, start, END + start, points=kinks, epsabs=1e-9)[0]

    assert scenario.segments[segment].annual_churn == pytest.approx(1 - area(12) / area(0), abs=1e-5)


def test_annual_churn_is_that_of_customers_drawn_one_by_one(scenario, segment, survival):
    """400,000 tenures from the settled law, each then left or not; 4 standard errors, two-sided."""
    luck, n = np.random.default_rng(1990), 400_000
    tenures = luck.uniform(0, END, 3 * n)
    tenures = tenures[luck.uniform(size=3 * n) < survival(tenures)][:n]
    left = (luck.uniform(size=len(tenures)) > survival(tenures + 12) / survival(tenures)).mean()
    churn = scenario.segments[segment].annual_churn
    assert theory.within(left, churn, theory.binomial_se(churn, len(tenures)))


def test_as_many_join_as_leave_at_month_0(scenario, rows, segment, survival):
    """Leavings of the settled pool by hazard times customers, band by band, not by its two ends."""
    law = scenario.segments[segment].duration
    base = (rows.Churn == "Yes").sum() / rows.tenure.sum()
    edges = [0.0, *law.months, END]
    areas = [integrate.quad(survival, a, b)[0] for a, b in pairwise(edges)]
    leaving = base * np.dot(law.factors, areas) / sum(areas) * (rows.Churn == "No").sum()
    channel = scenario.acquisition["advertising"]
    assert channel.mix is not None
    assert channel.mix[segment] == pytest.approx(leaving, abs=0.006)
    assert sum(channel.mix.values()) == pytest.approx(channel.joins, abs=0.06)


def test_every_band_holds_at_least_ten_leavings(scenario, rows, segment):
    left = rows[rows.Churn == "Yes"].tenure
    months = scenario.segments[segment].duration.months
    assert np.histogram(left, [0, *np.add(months, 0.5), END + 0.5])[0].min() >= 10


def test_what_the_data_do_not_say_is_called_an_assumption():
    lines = (FOLDER / "telco.toml").read_text("utf-8").splitlines()
    for key in ("gross_margin", "cost_to_serve", "spend", "ceiling", "preset", "discount_rate", "currency"):
        assert all("assumption" in line for line in lines if line.startswith(f"{key} ")), key


def test_the_comment_on_where_the_pool_will_be_is_true(scenario, customers):
    """The settled pool, one month at a time: present x S(a + 1) / S(a), with the joins of the file."""
    step, expected = 0.05, 0.0
    ages = np.arange(step / 2, END, step)
    for name, contract in CONTRACTS.items():
        rows = customers[customers.Contract == contract]
        base, law = (rows.Churn == "Yes").sum() / rows.tenure.sum(), scenario.segments[name].law(None)
        alive = np.exp(-base * law.cumulative(ages))
        later = np.exp(-base * law.cumulative(ages + 60))
        joined = np.exp(-base * law.cumulative(np.arange(step / 2, 60, step))).sum() * step
        mix = scenario.acquisition["advertising"].mix
        expected += (rows.Churn == "No").sum() * later.sum() / alive.sum() + mix[name] * joined
    text = " ".join((FOLDER / "telco.toml").read_text("utf-8").replace("#", " ").split())
    said = re.search(r"hazards: ([\d,]+) are expected at month 60", text)
    assert said
    assert float(said[1].replace(",", "")) == pytest.approx(expected, abs=2)


def test_the_notice_counts_the_data_right(customers):
    notice = (FOLDER / "data" / "NOTICE.md").read_text("utf-8")
    zero = customers[customers.tenure == 0]
    assert f"{len(customers):,} customers of a telephone company, one row each, {customers.shape[1]} columns" in notice
    assert f"the customer left ({(customers.Churn == 'Yes').sum():,} rows)" in notice
    assert f"still there ({(customers.Churn == 'No').sum():,} rows)" in notice
    assert f"{len(zero)} rows have 0 and an empty `TotalCharges`" in notice
    assert (zero.TotalCharges.str.strip() == "").all()
    assert f"{(customers.tenure == customers.tenure.max()).sum()} rows stand there" in notice
    assert "IBM/telco-customer-churn-on-icp4d" in notice
    assert "Apache License" in notice
