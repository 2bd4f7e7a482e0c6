"""Retention economics: is it cheaper to plug the leak or to open the tap? A simulator.

Three lines are enough:

    import retainsim
    results = retainsim.run(retainsim.load("scenarios/five_points.toml"))
    print("\\n".join(results.verdict))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.errors import RetainsimError, ScenarioError, UsageError

if TYPE_CHECKING:
    from retainsim.results import Results, open_run
    from retainsim.scenario import Scenario, load, loads
    from retainsim.study.optimise import optimise
    from retainsim.study.runs import run
    from retainsim.study.story import story
    from retainsim.study.sweep import isoprofit, sweep

__all__ = [
    "Results", "RetainsimError", "Scenario", "ScenarioError", "UsageError", "isoprofit", "load", "loads", "open_run",
    "optimise", "run", "story", "sweep",
]  # fmt: skip

_HOMES = {
    "Results": "retainsim.results",
    "open_run": "retainsim.results",
    "Scenario": "retainsim.scenario",
    "load": "retainsim.scenario",
    "loads": "retainsim.scenario",
    "run": "retainsim.study.runs",
    "story": "retainsim.study.story",
    "isoprofit": "retainsim.study.sweep",
    "optimise": "retainsim.study.optimise",
    "sweep": "retainsim.study.sweep",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then, so that `retainsim --help` need not load numpy."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'retainsim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
