"""Write the golden numbers: some of what every shipped scenario comes to, or check that they still come out.

python scripts/refresh_golden.py           write tests/golden/numbers.json, and say what the changelog must say
python scripts/refresh_golden.py --check   fail if a number differs by more than 1e-9 of itself

The numbers are of two replications over two years, which is soon played and goes through every line of the engine that
the scenario uses; they say whether results change, not whether they are right. Sums of floating point numbers differ
in their last digits between processors and libraries, by some 1e-13 of themselves; a change by more than 1e-9 is one.
"""

from __future__ import annotations

import json
import math
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import retainsim

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "tests" / "golden" / "numbers.json"
SETTINGS = {"run.replications": 2, "run.months": 24}
TOLERANCE = 1e-9
MEASURES = (
    "npv", "npv_to_horizon", "pool_end", "joined", "left", "retention_12m", "revenue", "acquisition_cost",
    "cost_to_serve", "customer_equity",
)  # fmt: skip
"""Of the baseline, and of the last arm; of that one also what it gains."""


def main() -> int:
    """Write or check, and return the exit code."""
    found = {name: numbers(name) for name in scenarios()}
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    wrong = [line for name in found for line in differences(old.get("scenarios", {}).get(name, {}), found[name], name)]
    print(
        "\n".join(wrong if old else [])
        or f"golden numbers: {sum(map(len, found.values()))} of {len(found)} scenarios come out"
    )
    if "--check" in sys.argv[1:]:
        return 1 if wrong else 0
    if wrong:
        content = {"first": old.get("first") or fingerprint(found), "scenarios": found}
        FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")
        print(f"now say in CHANGELOG.md: - **results change**: what and why (golden {fingerprint(found)}).")
    return 0


def scenarios() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml"))


def numbers(name: str, jobs: int = 1) -> dict[str, float]:
    """Return the golden numbers of a scenario."""
    scenario = retainsim.load(ROOT / "scenarios" / f"{name}.toml", SETTINGS)
    report = retainsim.run(scenario, jobs=jobs).report
    return _picked(report["arms"])


def _picked(arms: dict[str, Any]) -> dict[str, float]:
    names = dict.fromkeys(["baseline", list(arms)[-1]])
    picked = {f"{arm}.{measure}": arms[arm][measure]["mean"] for arm in names for measure in MEASURES}
    for arm in names:
        for measure, paired in arms[arm].get("versus_baseline", {}).items():
            if measure in ("npv", "saved"):
                picked[f"{arm}.versus_baseline.{measure}"] = paired["mean"]
    return {key: value for key, value in picked.items() if value is not None}


def differences(old: dict[str, float], new: dict[str, float], name: str) -> list[str]:
    """Return in words which numbers are not what they were."""
    keys = dict.fromkeys([*old, *new])
    pairs = [(key, old.get(key, math.nan), new.get(key, math.nan)) for key in keys]
    return [
        f"{name}: {key} was {was!r} and is {now!r}"
        for key, was, now in pairs
        if not math.isclose(was, now, rel_tol=TOLERANCE, abs_tol=1e-9)
    ]


def fingerprint(found: dict[str, dict[str, float]]) -> str:
    """Return the name of these numbers, which the changelog has to quote."""
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:8]


if __name__ == "__main__":
    sys.exit(main())
