"""Origin: where the numbers of a run come from, and what whoever relies on them should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts.voice import Voice
from retainsim.wording import figure, percent, span

if TYPE_CHECKING:
    from retainsim.results import Results
    from retainsim.study.answer import Answer


def provenance(results: Results | Answer) -> dict[str, str]:
    """Return what identifies a run, or the answer to a question: id, seed, program, fingerprint of the scenario."""
    run, scenario = results.report["run"], results.report["scenario"]
    books = results.report.get("books")
    found = {
        "Run": results.folder.resolve().name if results.folder else "not saved",
        "Scenario": str(scenario["title"]),
        "File": str(scenario["file"]),
        "Scenario hash (SHA-256)": str(scenario["sha256"]),
        "Seed": str(run["seed"]),
        "Replications": f"{run['replications']:,}",
        "Horizon": f"{span(run['months'])}, in steps of {run['step']:g} months",
        "Program": f"retainsim {run['version']}",
    }
    balance = {"Books": f"balance to {books['max_relative_error']:.1g} of what is booked, at worst"} if books else {}
    return found | balance


def terms(results: Results | Answer) -> list[str]:
    """Return in sentences what every number of a run, or of an answer, rests on."""
    played = "Every arm was played" if "arms" in results.report else "All that is compared was played"
    alike = "all arms" if "arms" in results.report else "all of it"
    run, uncertain = results.report["run"], results.report["run"]["uncertain_inputs"]
    said = [
        f"NPV {Voice(results).terms}, discounted at {percent(run['discount_rate'])} a year, nominal.",
        f"{played} {run['replications']:,} times, {alike} with the same luck, customer by customer.",
        "Ranges are 95 % intervals of the mean: how well the mean is known, not how far one future is from another.",
    ]
    if uncertain:
        said.append(f"Not known, and drawn anew in every replication: {', '.join(uncertain)}.")
    return said


def self_check(results: Results) -> list[dict[str, Any]]:
    """Return the comparisons of a run with closed forms, in words."""
    return [
        {
            "name": check["name"],
            "simulated": figure(check["simulated"], 6),
            "theory": figure(check["theory"], 6),
            "allowed": f"{figure(check['low'], 6)} to {figure(check['high'], 6)}",
            "ok": bool(check["ok"]),
        }
        for check in results.report["self_check"]
    ]


def checked(results: Results) -> str:
    """Say in a sentence how the comparison with theory ended."""
    checks = results.report["self_check"]
    failed = [check["name"] for check in checks if not check["ok"]]
    if failed:
        return f"Self-check failed in {len(failed)} of {len(checks)}: {', '.join(failed)}. Do not rely on this run."
    if not checks:
        return "Self-check: theory has no closed form for this scenario; the books balance."
    return f"Self-check: within 4 standard errors of theory in {len(checks)} of {len(checks)}."
