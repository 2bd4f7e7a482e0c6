"""What the largest customers mean to a run: reported where there are some, in every arm, and nowhere else."""

import pytest
from cli.conftest import QUICK
from rich.cells import cell_len

from retainsim import load, run
from retainsim.study.concentration import MEASURES

CLIENTS = """
[[accounts]]
name = "Nordwind"
segment = "small"
volume = 40.0
annual_churn = 0.05
[[accounts]]
name = "Ostsee"
segment = "small"
volume = 10.0
annual_churn = 0.05
[mechanisms.key_accounts]
landslide = 0.08
[arms.release]
title = "Nordwind goes"
event = [ { kind = "release", account = "Nordwind", at_month = 4 } ]
"""


@pytest.fixture
def clients(here):
    (here / "clients.toml").write_text(QUICK + CLIENTS, encoding="utf-8")
    return here


def test_a_run_with_key_accounts_reports_each_arm_and_its_paired_difference(clients, answer):
    arms = answer("run", "clients.toml", "--no-charts")["arms"]
    assert all(set(arm["concentration"]) == set(MEASURES) for arm in arms.values())
    release = arms["release"]["versus_baseline"]["concentration"]
    assert set(release) == set(MEASURES)
    for measure in MEASURES:
        gain = arms["release"]["concentration"][measure]["mean"] - arms["baseline"]["concentration"][measure]["mean"]
        assert release[measure]["mean"] == pytest.approx(gain)
        assert release[measure]["low"] <= release[measure]["mean"] <= release[measure]["high"]
    assert release["largest_share"]["mean"] < -0.1
    assert arms["release"]["concentration"]["landslides"]["mean"] >= 1.0
    assert not set(MEASURES) & set(arms["release"])


def test_a_run_without_says_nothing_of_it(answer, play):
    assert "concentration" not in answer("run", "quick.toml", "--no-charts")["arms"]["baseline"]
    assert "hangs on" not in play("run", "quick.toml", "--no-charts").stdout


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_says_it_in_a_sentence_and_a_table_that_fits(clients, play, width):
    text = play("run", "clients.toml", "--no-charts", env={"COLUMNS": str(width)}).stdout
    part = text[text.index("How much hangs on a few customers") : text.index("Lifetime value")]
    sentence, table = part.split("\n", 2)[1:]
    assert sentence.startswith("In the baseline the largest customer brings ")
    assert sentence.count("(95 %: ") == 4
    assert all(title in table for title in ("Baseline", "Nordwind goes"))
    assert "more than 8 % of revenue" in table
    lines = table[: table.index("Share of revenue")].splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "nan" not in part.lower()


def test_a_horizon_without_a_whole_quarter_has_nothing_to_tell(clients, play):
    assert (
        "hangs on"
        not in play(
            "run", "clients.toml", "--no-charts", "--set", "run.months=2", "--set", "arms.release.event=[]"
        ).stdout
    )


def test_python_has_it_by_replication_by_quarter_and_compared(clients):
    results = run(load("clients.toml"), replications=3, jobs=1)
    assert set(MEASURES) <= set(results.outcomes)
    assert set(MEASURES) <= set(results.compare("release").index)
    seen = results.observations.query("mechanism == 'concentration' and measure == 'largest_share'")
    by_quarter = seen.groupby(["arm", "replication"])["value"].agg(["mean", "size"])
    assert (by_quarter["size"] == 4).all()
    told = results.outcomes.set_index(["arm", "replication"])["largest_share"]
    assert by_quarter["mean"].to_dict() == pytest.approx(told.to_dict())
