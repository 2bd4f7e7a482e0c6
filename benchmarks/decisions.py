"""Decisions: how long each question takes on the shipped scenarios, from the command line, in seconds.

    python benchmarks/decisions.py              all questions
    python benchmarks/decisions.py tornado      some of them

Every command runs in an empty folder and with an empty cache, so that nothing is recalled.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
AIMED = (
    ("--set", 'arms.valuable.retention={points = 5.0, targets = "most_valuable", share = 0.5}'),
    ("--set", 'arms.at_risk.retention={points = 5.0, targets = "most_at_risk", share = 0.5}'),
)
QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "breakeven": (
        "the advertising that buys what five points give: there is none, which takes longest; the bar is 60 s",
        ("breakeven", "five_points.toml", "--vary", "acquisition.advertising.spend", "--match", "retention"),
    ),
    "isoprofit": ("the map, 9 x 9; the bar is 120 s", ("sweep", "five_points.toml", "--map", "--arm", "retention")),
    "optimise": (
        "the best spend on advertising",
        ("optimise", "five_points.toml", "--vary", "acquisition.advertising.spend=9000:90000"),
    ),
    "tornado": ("every number screened, where the advice flips", ("tornado", "five_points.toml", "--arm", "programme")),
    "uncertainty": ("three inputs not known", ("uncertainty", "what_to_measure.toml", "--arm", "programme")),
    "account": ("keep, renegotiate or release; the bar is 60 s", ("account", "discount_client.toml")),
    "saved": (
        "7 arms x 30 replications, customers kept, two levers solved by simulation",
        ("run", "five_points.toml", "--customers", *(word for words in AIMED for word in words)),
    ),
}
"""What is asked, and the command that asks it: the bar, where there is one, in the first."""


def timed(command: str, scenario: str, *words: str) -> float:
    """Return the seconds a command takes, without charts."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "retainsim", command, str(SCENARIOS / scenario), *words]
        start = time.perf_counter()
        subprocess.run(
            [*line, "--no-charts", "--quiet", "--json"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, env=os.environ | {"RETAINSIM_CACHE": f"{folder}/cache"},
        )  # fmt: skip
        return time.perf_counter() - start


def main() -> None:
    """Time what is asked for."""
    for name in sys.argv[1:] or QUESTIONS:
        about, words = QUESTIONS[name]
        print(f"{name:12s} {timed(*words):8.1f} s   {about}", flush=True)


if __name__ == "__main__":
    main()
