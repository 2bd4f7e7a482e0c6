"""The table of lifetimes balances: it holds everybody who joins, everybody who leaves, once, and nobody else."""

import numpy as np
import pytest
import tomli_w

import retainsim
from retainsim.study.incidence import incidence

MONTHS = 20
SEGMENT = {"price": 10.0, "gross_margin": 0.6}
TREE = {
    "run": {"months": MONTHS, "replications": 3, "seed": 5, "closing_value": "none"},
    "pool": {"customers": 150},
    "segments": {
        "small": SEGMENT | {"share": 0.7, "annual_churn": 0.5, "moves": {"large": 0.05}},
        "large": SEGMENT | {"share": 0.3, "annual_churn": 0.3, "term_months": 6.0},
    },
    "churn": {"calibrate": False, "reasons": {"price": 1.0, "service": 2.0}},
    "acquisition": {"web": {"joins": 12.0, "cost_per_join": 10.0}},
    "mechanisms": {"win_back": {"after_months": 2.0, "reach": 0.9, "accept": 0.9, "cost": 1.0}},
    "accounts": [{"name": "Nordwind", "segment": "large", "volume": 20.0, "customer_for_months": 0.0}],
    "arms": {"better": {"change": [{"set": "segments.small.annual_churn", "times": 0.5, "from_month": 3}]}},
}


def played(**pool):
    tree = TREE | {"pool": TREE["pool"] | pool}
    return retainsim.run(retainsim.loads(tomli_w.dumps(tree)), jobs=1, customers=True)


@pytest.fixture(scope="module", params=["settled", "new"])
def results(request):
    return played(tenure=request.param)


def test_everybody_who_joins_a_month_before_the_horizon_is_at_risk_in_the_first_month(results):
    """By arm, replication and segment at joining, as the ledger counts them."""
    keys = ["arm", "replication", "segment"]
    books = results.detail.astype({"arm": str, "segment": str})
    books = books[books["segment"].isin(["small", "large"])]
    joined = books[books["month"].between(1, MONTHS - 1)].groupby(keys)["joined"].sum()
    if results.scenario.parameters.pool.tenure == "new":
        joined = joined + books[books["month"] == 0].groupby(keys)["pool"].sum()
    first = results.lifetimes[results.lifetimes["tenure_month"] == 0].set_index(keys)["at_risk"]
    assert first.sort_index().to_dict() == joined[joined > 0].sort_index().to_dict()


def test_every_month_of_every_life_is_counted_once(results):
    """Against the lives themselves, one by one."""
    lives = results.customers
    ours = lives[(lives["spell"] == 1) & (lives["joined_month"] >= 0) & (lives["segment"] != "Nordwind")]
    expected = {}
    for life in ours.itertuples():
        for month in range(MONTHS):
            reaches = not life.left_month - life.joined_month <= month + 1e-9
            if reaches and life.joined_month + month + 1 <= MONTHS + 1e-9:
                counts = expected.setdefault((life.arm, life.replication, month), {"at_risk": 0})
                counts["at_risk"] += 1
                if life.left_month - life.joined_month <= month + 1 + 1e-9:
                    counts[f"left_{life.reason}"] = counts.get(f"left_{life.reason}", 0) + 1
    table = results.lifetimes.groupby(["arm", "replication", "tenure_month"]).sum(numeric_only=True)
    found = {key: {name: n for name, n in row.items() if n} for key, row in table.to_dict("index").items()}
    assert found == expected


def test_who_is_not_at_risk_any_more_has_left_or_is_watched_no_longer(results):
    for _, path in results.lifetimes.groupby(["arm", "replication", "segment"]):
        stay = path["at_risk"] - path.filter(like="left_").sum(axis=1)
        assert path["tenure_month"].tolist() == list(range(len(path)))
        assert (path["at_risk"].to_numpy()[1:] <= stay.to_numpy()[:-1]).all()


def test_shares_there_and_gone_add_up_in_every_arm_and_segment(results):
    for arm in results.arms:
        for segments in (None, ["small"], ["large"]):
            found = incidence(results.lifetimes, arm, range(3), segments)
            assert found.shares.sum(axis=0) == pytest.approx(np.ones(found.months + 1), abs=1e-12)


def test_a_folder_keeps_the_table(results, tmp_path):
    from retainsim.results import open_run

    found = open_run(results.save(tmp_path / "run"))
    assert found.lifetimes.equals(results.lifetimes)
