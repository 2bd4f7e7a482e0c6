"""Decisions: how long each question takes on a shipped scenario; one function per question.

python benchmarks/decisions.py            # all
python benchmarks/decisions.py breakeven  # one
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def seconds_of(*words: str) -> float:
    """Return the seconds a command takes in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "retainsim", *words, "--quiet", "-o", f"{folder}/answer"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - start


def breakeven() -> None:
    """The advertising that buys what five points of retention give; the bar is 60 s on 2 cores."""
    words = ("--vary", "acquisition.advertising.spend", "--match", "retention")
    print(f"breakeven five_points.toml: {seconds_of('breakeven', 'scenarios/five_points.toml', *words):.1f} s")


QUESTIONS = {"breakeven": breakeven}

if __name__ == "__main__":
    for name in sys.argv[1:] or QUESTIONS:
        QUESTIONS[name]()
