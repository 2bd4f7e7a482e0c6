"""A scenario is what a user loads: the same whoever draws from it, and wherever it comes from."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim import scenario
from retainsim.errors import ScenarioError, UsageError
from retainsim.scenario.arms import Timeline

TEXT = """\
title = "Plug the leak?"
[run]
months = 24
start = 2026-01-01
seed = 7
precision = 0.1
[pool]
customers = 100
[segments.small]
price = 60
annual_churn = { normal = [0.22, 0.02] }
[segments.large]
price = 100
annual_churn = 0.1
[churn.reasons]
price = 1
[acquisition.ads]
spend = 1000
joins = { triangular = [5, 7, 9] }
ceiling = 18
[arms.louder]
change = [{ set = "acquisition.ads.spend", times = 1.05, from_month = 2026-04-01 }]
[arms.five_points]
retention = { points = 5 }
"""


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def problems_of(call, *arguments):
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    return caught.value.problems


def test_a_file_is_called_by_its_stem(tmp_path):
    found = scenario.load(write(tmp_path, "northbay.2.toml", TEXT))
    assert (found.title, found.name, found.file) == (
        "Plug the leak?",
        "northbay.2",
        str(tmp_path / "northbay.2.toml"),
    )


def test_a_text_is_called_scenario():
    assert scenario.loads(TEXT).name == "scenario"


def test_parameters_are_the_file_with_distributions_at_their_means():
    found = scenario.loads(TEXT)
    assert found.parameters.segments["small"].annual_churn == 0.22
    assert found.parameters.acquisition["ads"].joins == 7
    assert {path: str(law) for path, law in found.distributions.items()} == {
        "segments.small.annual_churn": "normal = [0.22, 0.02]",
        "acquisition.ads.joins": "triangular = [5, 7, 9]",
    }


def test_arms_start_with_the_baseline_and_count_in_months():
    arms = scenario.loads(TEXT).arms
    assert {name: arm.title for name, arm in arms.items()} == {
        "baseline": "Baseline",
        "louder": "Louder",
        "five_points": "Five points",
    }
    assert list(arms) == ["baseline", "louder", "five_points"]
    assert arms["louder"].change[0].from_month == 3


# -- draws -----------------------------------------------------------------------------------------


def test_without_distributions_a_draw_is_the_parameters_themselves():
    plain = scenario.loads(TEXT).replace({"segments.small.annual_churn": 0.2, "acquisition.ads.joins": 7})
    assert plain.draw(3) is plain.parameters


def test_a_draw_depends_on_seed_and_replication_alone():
    found = scenario.loads(TEXT)
    third = found.draw(3)
    assert found.draw(4) != third
    assert found.draw(3) == third
    assert found.replace({"run.seed": 8}).draw(3).segments["small"] != third.segments["small"]
    assert found.replace({"segments.large.price": 5}).draw(3).segments["small"] == third.segments["small"]


def test_two_distributions_of_the_same_law_are_drawn_apart():
    law = {"normal": [0.22, 0.02]}
    segments = scenario.loads(TEXT).replace({"segments.large.annual_churn": law}).draw(0).segments
    assert segments["small"].annual_churn != segments["large"].annual_churn


def test_draws_have_the_mean_and_spread_of_the_law():
    """n = 2,000 replications; standard errors: sd / sqrt(n) of the mean, sd / sqrt(2 n) of the spread."""
    found, n = scenario.loads(TEXT), 2000
    drawn = np.array([found.draw(r).segments["small"].annual_churn for r in range(n)])
    assert abs(drawn.mean() - 0.22) < 4 * 0.02 / np.sqrt(n)
    assert abs(drawn.std() - 0.02) < 4 * 0.02 / np.sqrt(2 * n)


def test_ranks_may_be_chosen_one_by_one():
    found = scenario.loads(TEXT)
    low = found.at({"acquisition.ads.joins": 0.0})
    assert low.acquisition["ads"].joins == pytest.approx(5 + np.sqrt(1e-4 * 4 * 2))
    assert low.segments["small"].annual_churn == 0.22
    assert found.at({}) is found.parameters


def test_a_rank_for_what_is_known_is_wrong_usage():
    with pytest.raises(UsageError, match=r'did you mean "acquisition\.ads\.joins"'):
        scenario.loads(TEXT).at({"acquisition.ads.join": 0.5})


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_no_rank_of_an_accepted_scenario_can_fail(first, second, third):
    found = scenario.loads(TEXT).replace(
        {
            "acquisition.ads.ceiling": {"uniform": [9.1, 12]},
            "arms.louder.change.0.times": {"uniform": [0, 3]},
        }
    )
    ranks = dict(zip(sorted(found.distributions), (first, second, third), strict=False))
    parameters = found.at(ranks)
    Timeline(parameters, parameters.arms["louder"]).at(12)


# -- other values ----------------------------------------------------------------------------------


def test_other_values_make_another_scenario_and_leave_the_first_as_it_was():
    first = scenario.loads(TEXT)
    other = first.replace({"acquisition.ads.joins": 8, "arms.louder.change.0.times": 1.1, "firm.tax_rate": 0.3})
    assert other.parameters.acquisition["ads"].joins == 8
    assert other.arms["louder"].change[0].times == 1.1
    assert other.parameters.firm.tax_rate == 0.3
    assert list(other.distributions) == ["segments.small.annual_churn"]
    assert first == scenario.loads(TEXT)
    assert first != other


def test_other_values_may_be_dates_tables_tuples_and_numbers_of_numpy():
    found = scenario.loads(TEXT).replace(
        {
            "pool": {"customers": np.int64(5)},
            "segments.small.price": np.float64(3.5),
            "segments.small.annual_churn.normal": (0.3, np.float32(0.01)),
        }
    )
    assert found.parameters.pool.customers == 5
    assert found.parameters.segments["small"].price == 3.5
    assert "5" in found.resolved()


def test_load_takes_other_values_too(tmp_path):
    path = write(tmp_path, "a.toml", TEXT.replace("price = 60\n", ""))
    assert scenario.load(path, {"segments.small.price": 5}).parameters.segments["small"].price == 5


def test_a_count_of_replications_takes_the_place_of_a_precision():
    run = scenario.loads(TEXT).replace({"run.replications": 50}).parameters.run
    assert (run.replications, run.precision) == (50, None)


def test_a_count_of_replications_and_a_precision_set_together_are_refused():
    both = {"run.replications": 50, "run.precision": 0.2}
    (line,) = problems_of(scenario.loads(TEXT).replace, both)
    assert line.startswith("--set run.precision: precision and replications are both given")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"pool.custmers": 5}, '--set pool.custmers: unknown key (got "custmers"); give one of'),
        ({"pol.customers": 5}, "--set pol: unknown key"),
        ({"": 5}, '--set "": unknown key'),
        ({"pool.customers": -5}, "--set pool.customers: out of range (got -5)"),
        ({"pool.customers": None}, "--set pool.customers: no value for a scenario (got None)"),
        ({"pool.customers": {1: 2}}, "--set pool.customers: no value for a scenario"),
        ({"run.months.x": 5}, "--set run.months.x: run.months is no table (got 24); set the whole"),
        ({"arms.louder.change.1.to": 5}, "--set arms.louder.change.1.to: not in the list (got 1); give"),
        ({"arms.louder.change.first": 5}, '--set arms.louder.change.first: not in the list (got "first")'),
        ({"plans.a.billing.when": "end"}, "--set plans.a.billing.every_months: missing"),
        ({"acquisition.ads.ceiling": 7.5}, "<scenario>:17:14 acquisition.ads: ceiling (7.5) must be"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_where_it_was_set(settings, line):
    (found,) = problems_of(scenario.loads(TEXT).replace, settings)
    assert found.startswith(line)


def test_wrong_settings_are_refused_all_at_once():
    lines = problems_of(scenario.loads(TEXT).replace, {"pool.custmers": 5, "run.steps": 2})
    assert sorted(line.split(":")[0] for line in lines) == ["--set pool.custmers", "--set run.steps"]


# -- what a scenario says --------------------------------------------------------------------------


def test_what_it_resolves_to_loads_again_to_an_equal_scenario(tmp_path):
    write(tmp_path, "base.toml", TEXT)
    over = write(tmp_path, "over.toml", 'extends = "base.toml"\n[segments.large]\nprice = 99\n')
    found = scenario.load(over, {"run.seed": 9})
    again = scenario.loads(found.resolved())
    assert again == found
    assert again.parameters == found.parameters
    assert again.draw(5) == found.draw(5)
    assert "extends" not in found.resolved()


def test_the_fingerprint_follows_what_is_said_and_not_how(tmp_path):
    first = scenario.loads(TEXT)
    same = [
        "# a remark\n" + TEXT.replace("price = 60", "price  =  6_0.0"),
        TEXT.replace("[pool]\ncustomers = 100\n", "") + "[pool]\ncustomers = 100\n",
    ]
    assert {scenario.loads(text).sha256 for text in same} == {first.sha256}
    assert scenario.load(write(tmp_path, "elsewhere.toml", TEXT)).sha256 == first.sha256
    assert scenario.loads(TEXT.replace("price = 60", "price = 61")).sha256 != first.sha256
    assert len(first.sha256) == 64


def test_equal_scenarios_hash_alike_and_nothing_else_is_equal():
    assert len({scenario.loads(TEXT), scenario.loads(TEXT)}) == 1
    assert scenario.loads(TEXT) != TEXT


def test_a_scenario_survives_the_way_to_another_process():
    found = scenario.loads(TEXT)
    again = pickle.loads(pickle.dumps(found))
    assert (again, again.parameters, again.draw(1)) == (found, found.parameters, found.draw(1))


def test_it_shows_itself_in_one_line():
    assert repr(scenario.loads(TEXT)) == "<Scenario 'Plug the leak?': 2 segments, 1 channels, 3 arms>"


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = "import sys, retainsim.scenario; print(*({'pandas', 'scipy', 'tomli_w'} & set(sys.modules)))"
    root = str(Path(scenario.__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
        check=True,
    )
    assert ran.stdout.strip() == ""


# -- warnings --------------------------------------------------------------------------------------


def test_a_lever_without_a_cost_is_warned_of():
    assert scenario.loads(TEXT).warnings == (
        "arms.five_points.retention: costs nothing, so it cannot but pay; give its cost",
    )
    assert scenario.loads(TEXT).replace({"arms.five_points.retention.cost.once": 1}).warnings == ()


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ({"churn": {"preset": "five-reasons"}}, "churn.preset: the shares of the five-reasons preset"),
        ({"churn": {}}, "churn.reasons: not given, so keaveney-1995 is taken"),
        ({"churn.target_annual": 0.15}, "churn.target_annual: the opening pool loses 16.0% of its customers"),
        (
            {"churn.calibrate": False, "segments.small.frailty": {"kind": "beta", "a": 1}},
            "segments.small.annual_churn: not used",
        ),
    ],
)  # fmt: skip
def test_what_is_allowed_but_should_be_known_is_warned_of(settings, warning):
    first, *_ = scenario.loads(TEXT).replace(settings).warnings
    assert first.startswith(warning)
    assert "<scenario>" not in first


def test_calibrated_beta_frailty_uses_the_churn_and_is_no_warning():
    beta = {"segments.small.frailty": {"kind": "beta", "a": 1}}
    assert scenario.loads(TEXT).replace(beta).warnings == scenario.loads(TEXT).warnings


def test_a_leak_below_its_target_is_no_warning():
    warnings = scenario.loads(TEXT).replace({"churn.target_annual": 0.17}).warnings
    assert not any(warning.startswith("churn.target_annual") for warning in warnings)
