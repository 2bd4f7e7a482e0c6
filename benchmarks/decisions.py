"""Decisions: how long the questions take, on the shipped scenarios.

    python benchmarks/decisions.py

One function per question; each returns seconds, after calibration and levers have been kept or not, as it says.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import retainsim

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
AIMED = {
    "arms.valuable": {"retention": {"points": 5.0, "targets": "most_valuable", "share": 0.5}},
    "arms.at_risk": {"retention": {"points": 5.0, "targets": "most_at_risk", "share": 0.5}},
}


def who_is_saved() -> float:
    """Time a run of five_points.toml with two aimed levers more, nothing recalled, customers kept and written."""
    scenario = retainsim.load(SCENARIOS / "five_points.toml", AIMED)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        retainsim.run(scenario, customers=True).save(Path(folder) / "run")
    return time.perf_counter() - start


if __name__ == "__main__":
    import os

    with tempfile.TemporaryDirectory() as cache:
        os.environ["RETAINSIM_CACHE"] = cache
        print(f"who is saved (7 arms x 30 replications, two levers solved by simulation): {who_is_saved():.1f} s")
