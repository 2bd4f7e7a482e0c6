"""The numbers of scenarios/telco.toml follow from its data: by the program, and by other ways."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import retainsim
from retainsim.calibration import calibrate
from retainsim.scenario.schema import Parameters

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scenarios"
SCRIPT = ROOT / "scripts" / "derive_telco.py"
CONTRACTS = {"month_to_month": "Month-to-month", "one_year": "One year", "two_year": "Two year"}
YEARS = np.array([12.0, 24.0, 36.0, 48.0, 60.0])


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
def bases(scenario):
    return calibrate(scenario).bases


@pytest.fixture(scope="module")
def survival(bases, segment):
    """Survival by tenure under the hazards that calibration finds of the numbers in the file."""
    place = bases.segments.index(segment)
    return lambda tenure: bases.present(place, np.asarray(tenure, dtype=float))


def lives(tenures, present):
    return stats.ecdf(stats.CensoredData.right_censored(np.asarray(tenures, dtype=float), np.asarray(present))).sf


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
    assert found.acquisition["advertising"].joins == pytest.approx(114.6 / 2, rel=0.1)


def test_the_pool_is_everybody_who_has_not_left(scenario, customers):
    present = customers[customers.Churn == "No"].groupby("Contract").size()
    assert scenario.pool.customers == present.sum() == 5174
    assert {CONTRACTS[name]: s.share for name, s in scenario.segments.items()} == present.to_dict()


def test_the_price_is_what_those_present_are_charged(scenario, rows, segment):
    charged = rows[rows.Churn == "No"].MonthlyCharges.mean()
    assert scenario.segments[segment].price == pytest.approx(charged, abs=0.005)


def test_survival_is_within_2_5_points_of_kaplan_and_meier(rows, survival):
    """n = 3,875, 1,473 and 1,695 lives; the estimate needs no bands and no hazard."""
    seen = lives(rows.tenure, rows.Churn == "No").evaluate(YEARS)
    assert np.abs(survival(YEARS) - seen).max() < 0.025


def test_the_hazards_lose_as_many_customers_as_the_data(rows, survival):
    """Month by month: who was there when it began, times the chance of leaving in it, against those counted."""
    months = np.arange(1, 73)
    there = (rows.tenure.to_numpy()[:, None] >= months).sum(axis=0)
    expected = there @ (1 - survival(months) / survival(months - 1))
    assert expected == pytest.approx((rows.Churn == "Yes").sum(), rel=0.01)


def test_annual_churn_is_that_of_those_present_one_by_one(scenario, rows, segment, survival):
    """Tenures of the file are told at 21 ranks: within 0.3 points of all of them."""
    tenures = rows[rows.Churn == "No"].tenure.to_numpy(float)
    left = 1 - np.mean(survival(tenures + 12) / survival(tenures))
    assert scenario.segments[segment].annual_churn == pytest.approx(left, abs=0.003)


def test_as_many_join_as_leave_a_trace_of_the_last_year(scenario, rows, segment, survival):
    """Present with up to 12 months, each over its chance of still being there; the file has three digits."""
    tenures = rows[(rows.Churn == "No") & (rows.tenure <= 12)].tenure.to_numpy(float)
    joined = (1 / survival(np.maximum(tenures, 0.5))).sum() / 12
    assert scenario.acquisition["advertising"].mix[segment] == pytest.approx(joined, rel=0.01)


def test_the_tenures_are_those_of_who_is_present(scenario, rows, segment):
    present = np.maximum(rows[rows.Churn == "No"].tenure, 0.5)
    found = integrate.trapezoid(scenario.segments[segment].tenures) / 20  # evenly spread from rank to rank
    assert found == pytest.approx(present.mean(), abs=0.5)


def test_every_band_holds_at_least_ten_leavings(scenario, rows, segment):
    left = rows[rows.Churn == "Yes"].tenure
    months = scenario.segments[segment].duration.months
    assert np.histogram(left, [0, *np.add(months, 0.5), 73])[0].min() >= 10


def test_what_the_data_do_not_say_waits_to_be_filled_in():
    lines = (FOLDER / "telco.toml").read_text("utf-8").splitlines()
    for key in ("gross_margin", "cost_to_serve", "spend", "ceiling", "preset", "discount_rate", "currency"):
        assert all("FILL IN" in line for line in lines if line.startswith(f"{key} ")), key


@pytest.mark.long
def test_simulated_customers_stay_as_long_as_those_of_the_data(customers):
    """The shipped file played with 1,500 joins a month, a third to each contract: n = 18,000 lives reach 60 months."""
    more = {f"acquisition.advertising.mix.{name}": 1.0 for name in CONTRACTS}
    changed = more | {"acquisition.advertising.ceiling": 9e3, "acquisition.advertising.joins": 1500.0, "run.months": 72}
    found = retainsim.run(retainsim.load(FOLDER / "telco.toml", changed), replications=2, jobs=1, customers=True)
    played = found.customers[(found.customers.arm == "baseline") & (found.customers.channel != "existing")]
    lost = 0.0
    for name, contract in CONTRACTS.items():
        mine, rows = played[played.segment == name], customers[customers.Contract == contract]
        until = mine.left_month.fillna(72.0) - mine.joined_month
        ours, seen = lives(until, mine.left_month.isna()), lives(rows.tenure, rows.Churn == "No")
        assert np.abs(ours.evaluate(YEARS) - seen.evaluate(YEARS)).max() < 0.025, name
        months = np.arange(1, 72)
        there = (rows.tenure.to_numpy()[:, None] >= months).sum(axis=0)
        lost += there @ (1 - ours.evaluate(months) / ours.evaluate(months - 1))
    assert lost == pytest.approx((customers.Churn == "Yes").sum(), rel=0.08)


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
