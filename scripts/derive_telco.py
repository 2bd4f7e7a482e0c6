"""Write scenarios/telco.toml as `retainsim fit` makes it of the customers of a telephone company.

Run it without arguments to write the scenario; with `--check` it writes nothing and exits 1 if the scenario
differs from what the data say.
"""

from __future__ import annotations

import argparse
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import retainsim

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scenario, or compare it with what the data say; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=SCENARIOS / "data" / "telco.csv", help="the customers")
    parser.add_argument("--scenario", type=Path, default=SCENARIOS / "telco.toml", help="the scenario")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the scenario differs")
    options = parser.parse_args(arguments)
    derived = retainsim.fit(options.data, by="Contract").text
    if not options.check:
        options.scenario.write_text(derived, encoding="utf-8", newline="\n")
        return 0
    found = options.scenario.read_text(encoding="utf-8")
    lines = [text.splitlines(keepends=True) for text in (found, derived)]
    sys.stderr.writelines(unified_diff(*lines, "as it is", "as the data say"))
    return int(found != derived)


if __name__ == "__main__":
    sys.exit(main())
