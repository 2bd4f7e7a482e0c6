"""Decisions: how long each question takes on the shipped scenarios, from the command line, in seconds.

python benchmarks/decisions.py              all questions
python benchmarks/decisions.py tornado      some of them
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def timed(*words: str) -> float:
    """Run a command in an empty folder, without charts, and return its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "retainsim", *words, "--no-charts", "--quiet", "--json"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start


def tornado() -> float:
    """Screen every number of the shipped scenario and find where the advice flips."""
    return timed("tornado", str(SCENARIOS / "five_points.toml"), "--arm", "programme")


def uncertainty() -> float:
    """Split the variance over three inputs that are not known."""
    return timed("uncertainty", str(SCENARIOS / "what_to_measure.toml"), "--arm", "programme")


QUESTIONS = {"tornado": tornado, "uncertainty": uncertainty}


def main() -> None:
    """Time what is asked for."""
    for name in sys.argv[1:] or QUESTIONS:
        print(f"{name:16s} {QUESTIONS[name]():8.1f} s", flush=True)


if __name__ == "__main__":
    main()
