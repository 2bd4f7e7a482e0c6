"""Refresh the README: put in what its commands print; with --check only say whether it drifted."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- output: (?P<command>[^>]+) -->\n```text\n)(?P<text>.*?)(\n```)", re.DOTALL)


def output_of(command: str) -> str:
    """Return what a command prints on stdout, 100 columns wide, without colours, in a folder of its own."""
    words = shlex.split(command)
    tool = [sys.executable, "-m", *words]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scenarios").symlink_to(ROOT / "scenarios")
        done = subprocess.run(tool, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def refreshed(text: str) -> str:
    """Return the README with every output block as printed now."""
    return BLOCK.sub(lambda found: found[1] + output_of(found["command"]) + found[4], text)


def main() -> int:
    """Refresh, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the README drifted")
    check = parser.parse_args().check
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = refreshed(old)
    if new == old:
        print("README.md is what the program prints")
        return 0
    if check:
        print("README.md drifted: run python scripts/refresh_readme.py", file=sys.stderr)
        return 1
    readme.write_text(new, encoding="utf-8")
    print("README.md refreshed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
