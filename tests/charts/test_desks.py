"""The charts of service desks and of concentration: what is drawn is what the run says."""

import numpy as np
import pytest
from matrix import run as matrix_run
from visible_text import texts

from retainsim.study.compare import ratio
from retainsim.study.desks import MEASURES, by_arm, path


@pytest.fixture(scope="module")
def results():
    return matrix_run("plain")


def written(ax):
    return " ".join(text.get_text() for text in texts(ax.figure)).replace("\u00a0", " ")


@pytest.mark.parametrize("measure", MEASURES)
def test_months_of_a_desk_add_up_to_the_whole_run(results, measure):
    """One span of all months is the run's own number, however the months were settled."""
    told = results.report["arms"]["arm0"]["desk"]["desks"]["mail"][measure]
    mine = results.desks.query("arm == 'arm0' and desk == 'mail'")
    whole = path(mine, measure, months=12, every=12)
    assert (whole.mean[0], max(told["low"], 0.0), told["high"]) == pytest.approx(
        (told["mean"], whole.low[0], whole.high[0])
    )


def test_a_month_is_the_ratio_of_that_month(results):
    mine = results.desks.query("arm == 'baseline' and desk == 'telephone'")
    found = path(mine, "wait_minutes", months=12)
    march = mine.query("month == 3").set_index("replication")
    expected = ratio(march["waited_minutes"].to_numpy(), march["calls"].to_numpy())
    assert found.mean[2] == pytest.approx(march["waited_minutes"].sum() / march["calls"].sum())
    assert np.isnan(found.low[2]) if expected["low"] is None else found.low[2] == max(expected["low"], 0.0)


def test_a_month_without_calls_is_a_gap(results):
    mine = results.desks.query("arm == 'baseline' and desk == 'telephone' and month != 5")
    found = path(mine, "wait_minutes", months=12)
    assert np.isnan(found.mean[4])
    assert np.isfinite(np.delete(found.mean, 4)).all()


def test_every_call_is_in_the_table(results):
    seen = results.observations.query("mechanism == 'service_desk' and measure == 'calls'")["value"].sum()
    assert results.desks["calls"].sum() == seen
    assert set(by_arm(results.observations)["baseline"]["desks"]) == set(results.desks["desk"])


def test_desks_are_drawn_one_beside_another_for_both_arms(results):
    ax = results.plot.desks(arm="arm0")
    said = written(ax)
    assert "Telephone" in said
    assert "Mail" in said
    months = results.desks.query("arm == 'arm0' and desk == 'telephone'").groupby("month")
    expected = (months["waited_minutes"].sum() / months["calls"].sum()).to_numpy()
    assert any(np.allclose(line.get_ydata(), expected) for line in ax.lines if len(line.get_ydata()) == len(expected))


def test_concentration_is_that_of_the_report_with_its_paired_difference(results):
    from retainsim.charts.concentration import gap_of, said_of

    told = results.report["arms"]["baseline"]["concentration"]
    said = written(results.plot.concentration(arm="arm0"))
    for measure in ("largest_share", "ten_largest_share", "key_accounts_share", "herfindahl"):
        assert said_of(told[measure], measure).replace("\u00a0", " ") in said
    assert gap_of({"mean": -0.045, "low": -0.06, "high": -0.03}, "largest_share") == "−4.5\u00a0points (−6.0 to −3.0)"
    assert gap_of({"mean": -0.0, "low": -1e-17, "high": 1e-17}, "largest_share") == "the same"
    assert results.concentration.query("arm == 'baseline'")["largest_share"].mean() == pytest.approx(
        told["largest_share"]["mean"]
    )
