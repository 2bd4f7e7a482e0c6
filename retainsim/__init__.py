"""Retention economics: is it cheaper to plug the leak or to open the tap? A simulator.

Three lines are enough:

    import retainsim
    results = retainsim.run(retainsim.load("scenarios/five_points.toml"))
    print("\\n".join(results.verdict))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.errors import DataError, RetainsimError, ScenarioError, UsageError

if TYPE_CHECKING:
    from retainsim.fit.fitted import fit
    from retainsim.present.explore import explore
    from retainsim.results import Results, open_run
    from retainsim.scenario import Scenario, load, loads
    from retainsim.study.account import account
    from retainsim.study.breakeven import breakeven
    from retainsim.study.explorer import Explorer
    from retainsim.study.optimise import optimise
    from retainsim.study.runs import run
    from retainsim.study.story import story
    from retainsim.study.sweep import isoprofit, sweep
    from retainsim.study.tornado import tornado
    from retainsim.study.uncertainty import uncertainty

__all__ = [
    "DataError", "Explorer", "Results", "RetainsimError", "Scenario", "ScenarioError", "UsageError", "account",
    "breakeven", "explore", "fit", "isoprofit", "load", "loads", "open_run", "optimise", "run", "story", "sweep",
    "tornado", "uncertainty",
]  # fmt: skip

_HOMES = {
    "account": "retainsim.study.account",
    "Explorer": "retainsim.study.explorer",
    "Results": "retainsim.results",
    "open_run": "retainsim.results",
    "Scenario": "retainsim.scenario",
    "load": "retainsim.scenario",
    "loads": "retainsim.scenario",
    "breakeven": "retainsim.study.breakeven",
    "explore": "retainsim.present.explore",
    "fit": "retainsim.fit.fitted",
    "run": "retainsim.study.runs",
    "story": "retainsim.study.story",
    "tornado": "retainsim.study.tornado",
    "uncertainty": "retainsim.study.uncertainty",
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
