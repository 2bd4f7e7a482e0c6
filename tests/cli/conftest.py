"""Conftest: a folder of its own with a quick scenario, and commands run in it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from retainsim.cli import main

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
QUICK = """\
title = "Quick: is it worth it?"
currency = "EUR"

[run]
months = 12
replications = 3
seed = 1

[pool]
customers = 80

[segments.small]
price = 60.0
gross_margin = 0.75
cost_to_serve = 12.0
annual_churn = 0.22

[acquisition.advertising]
spend = 900
joins = 1.6
ceiling = 4

[arms.retention]
title = "Five points more retention"
retention = { points = 5, cost = { per_customer_month = 1.5 } }

[arms.advertising]
title = "Twice the advertising"
change = [ { set = "acquisition.advertising.spend", times = 2.0 } ]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, which holds quick.toml."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "quick.toml").write_text(QUICK, encoding="utf-8")
    return tmp_path


@pytest.fixture
def play(here):
    """Run a command in this process and return its result: exit_code, stdout, stderr."""

    def run(*words, code=0, env=None):
        result = CliRunner().invoke(main, [str(word) for word in words], env=env)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def answer(play):
    """Run a command with --json and return the one object on its stdout."""

    def run(*words, code=0):
        return json.loads(play(*words, "--json", code=code).stdout)

    return run


@pytest.fixture
def shell(here):
    """Run a command in a process of its own."""

    def run(*words, env=None, **options):
        words = [sys.executable, "-m", "retainsim", *map(str, words)]
        return subprocess.run(
            words, capture_output=True, text=True, check=False, cwd=here, env={**os.environ, **(env or {})}, **options
        )

    return run


def quicken(folder):
    """Give the scenarios of a folder few replications and small pools."""
    for file in folder.glob("*.toml"):
        text = re.sub(r"(?m)^replications = \d+", "replications = 2", file.read_text(encoding="utf-8"))
        file.write_text(re.sub(r"(?m)^customers = [\d_]+", "customers = 200", text), encoding="utf-8")


@pytest.fixture
def shipped(here):
    """The shipped scenarios, made quick."""
    shutil.copytree(SCENARIOS, here / "scenarios")
    quicken(here / "scenarios")
    return here


@pytest.fixture
def play_quickly(here, play):
    """Run commands one after another, quickly also where they use a scenario that one of them has made."""

    def run(lines):
        for words in lines:
            quicken(here)
            play(*words)

    return run
