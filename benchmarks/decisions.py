"""Decisions: how long each question takes on a shipped scenario, with an empty cache; one function per question.

python benchmarks/decisions.py            # all
python benchmarks/decisions.py account    # one
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def seconds_of(*words: str) -> float:
    """Return the seconds a command takes in a process, a folder and a cache of its own."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "retainsim", *words, "--quiet", "-o", f"{folder}/answer"]
        empty = {**os.environ, "RETAINSIM_CACHE": f"{folder}/cache"}
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=empty)
        return time.perf_counter() - start


def account() -> None:
    """Whether Nordwind is worth its forty per cent; the bar is 60 s on 2 cores."""
    print(f"account discount_client.toml: {seconds_of('account', 'scenarios/discount_client.toml'):.1f} s")


QUESTIONS = {"account": account}

if __name__ == "__main__":
    for name in sys.argv[1:] or QUESTIONS:
        QUESTIONS[name]()
