"""What a run reports of its desks: ratios over the whole run, by hand."""

import pandas as pd
import pytest

from retainsim.study.desks import MEASURES, by_arm


def observed(*rows):
    columns = ["arm", "replication", "month", "measure", "value"]
    return pd.DataFrame(rows, columns=columns).assign(mechanism="service_desk")


def spans(arm, suffix="", calls=(10, 30), waited=(40, 60), lost=(1, 3), busy=(50, 70), staffed=(100, 100)):
    """Return two months of two replications that are alike."""
    told = {"calls": calls, "waited_minutes": waited, "hung_up": lost, "busy_minutes": busy, "staffed_minutes": staffed}
    return [
        (arm, replication, month + 1.0, f"{measure}{suffix}", values[month])
        for replication in (0, 1) for month in (0, 1) for measure, values in told.items()
    ]  # fmt: skip


def means(estimates):
    return {measure: estimates[measure]["mean"] for measure in MEASURES}


def test_waits_are_per_call_and_busy_is_per_minute_staffed_over_the_whole_run():
    found = by_arm(observed(*spans("baseline"), *spans("four", waited=(0, 20))))
    assert means(found["baseline"]["all"]) == pytest.approx(
        {"wait_minutes": 100 / 40, "hang_up_share": 4 / 40, "busy_share": 120 / 200}
    )
    assert found["four"]["all"]["wait_minutes"]["mean"] == pytest.approx(20 / 40)
    assert "desks" not in found["baseline"]


def test_several_desks_are_told_apart():
    rows = [*spans("baseline"), *spans("baseline", ".billing", calls=(5, 5)), *spans("baseline", ".technical")]
    desks = by_arm(observed(*rows))["baseline"]["desks"]
    assert list(desks) == ["billing", "technical"]
    assert desks["billing"]["wait_minutes"]["mean"] == pytest.approx(100 / 10)


def test_where_nobody_calls_or_answers_there_is_no_ratio():
    found = by_arm(observed(*spans("baseline", calls=(0, 0), waited=(0, 0), lost=(0, 0), staffed=(0, 0), busy=(0, 0))))
    assert set(means(found["baseline"]["all"]).values()) == {None}
    assert by_arm(observed()) == {}
