"""The tables of a run say one thing: every grouping of one adds up to the others."""

import numpy as np
import pandas as pd
import pytest
import tomli_w

import retainsim
from invariants.test_same_result import ARMS, BASE
from retainsim.ledger import SIGNS

KEYS = ["arm", "replication", "month"]


@pytest.fixture(scope="module")
def results():
    arms = {name: arm for name, arm in ARMS.items() if name != "retention"}
    run = {"months": 8, "replications": 3, "seed": 5}
    tree = BASE | {"run": run, "arms": arms, "firm": {"fixed_costs": 9.0, "tax_rate": 0.3}}
    return retainsim.run(retainsim.loads(tomli_w.dumps(tree)), jobs=1)


def lines(results):
    return [
        c for c in results.monthly if c not in (*KEYS, "date", "pool", "joined", "left", "returned", "present_value")
    ]


def by_month(table):
    return table.set_index(KEYS).sort_index()


def test_the_detail_of_a_month_adds_up_to_the_month(results):
    columns = ["pool", "joined", "left", "returned", *lines(results)]
    added = results.detail.astype({"arm": str}).groupby(KEYS)[columns].sum().sort_index()
    wanted = by_month(results.monthly)[columns]
    pd.testing.assert_frame_equal(added, wanted.loc[added.index], check_dtype=False, rtol=1e-12)
    assert (wanted.drop(added.index)[columns] == 0).all(axis=None)


def test_pools_follow_from_who_joined_and_left(results):
    for _, path in by_month(results.monthly).groupby(level=[0, 1]):
        flows = path["joined"] + path["returned"] - path["left"]
        assert (path["pool"].iloc[0] + flows.iloc[1:].cumsum()).tolist() == path["pool"].iloc[1:].tolist()


def test_present_values_by_month_and_by_line_add_up_to_the_npv(results):
    index = ["arm", "replication"]
    outcomes = results.outcomes.set_index(index).sort_index()
    by_time = results.monthly.groupby(index)["present_value"].sum()
    values = results.values.set_index([*index, "line"])["value"].unstack("line")
    assert by_time.to_numpy() == pytest.approx(outcomes["npv_to_horizon"].to_numpy(), rel=1e-12)
    assert values.sum(axis=1).to_numpy() == pytest.approx(outcomes["npv"].to_numpy(), rel=1e-12)
    assert values["closing_value"].to_numpy() == pytest.approx(outcomes["closing_value"].to_numpy())


def test_lines_of_the_months_add_up_to_those_of_the_outcomes(results):
    added = (
        results.monthly.groupby(["arm", "replication"])[lines(results)]
        .sum()
        .rename(columns={"acquisition": "acquisition_cost"})
    )
    outcomes = results.outcomes.set_index(["arm", "replication"]).sort_index()
    for line in added:
        assert added[line].to_numpy() == pytest.approx(outcomes[line].to_numpy()), line


def test_cohorts_add_up_to_the_mean_pool_and_margin(results):
    at = results.cohorts["joined_month"] + results.cohorts["tenure_month"]
    alive = results.cohorts.groupby(["arm", at])["alive"].sum()
    mean = results.monthly.groupby(["arm", "month"])["pool"].mean()
    assert alive.to_numpy() == pytest.approx(mean.loc[alive.index].to_numpy())
    margin = results.cohorts.groupby("arm")["margin"].sum()
    whole = results.monthly.assign(margin=lambda m: m["revenue"] - m["cost_of_sales"] - m["cost_to_serve"])
    wanted = whole.groupby("arm")["margin"].sum() / 3
    assert margin.to_numpy() == pytest.approx(wanted.loc[margin.index].to_numpy())


def test_the_report_estimates_what_the_outcomes_hold(results):
    for name, told in results.report["arms"].items():
        mine = results.outcomes[results.outcomes["arm"] == name]
        assert told["npv"]["mean"] == pytest.approx(mine["npv"].mean())
        assert told["left"]["mean"] == pytest.approx(sum(v["mean"] for v in told["left_by_reason"].values()))
        assert told["pool_end"]["mean"] == pytest.approx(120 + told["joined"]["mean"] - told["left"]["mean"])
        if name != "baseline":
            base = results.outcomes[results.outcomes["arm"] == "baseline"]
            gains = mine["npv"].to_numpy() - base["npv"].to_numpy()
            assert told["versus_baseline"]["npv"]["mean"] == pytest.approx(gains.mean())
            assert told["versus_baseline"]["p_better"] == np.mean(gains > 0)


def test_every_line_of_the_tables_has_a_class(results):
    assert set(SIGNS.values()) == {1.0, -1.0}
    assert set(lines(results)) >= {
        "revenue",
        "cost_of_sales",
        "cost_to_serve",
        "acquisition",
        "fixed_costs",
        "tax",
        "investment",
    }
