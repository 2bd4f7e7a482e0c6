"""Resume: what a run is to play: a scenario from its file, or what an unfinished run was begun with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.errors import UsageError

if TYPE_CHECKING:
    from retainsim.results import Results
    from retainsim.scenario import Scenario


@dataclass(frozen=True)
class Wanted:
    """What is to be played, what is to be found out besides, and where it goes."""

    scenario: Scenario
    extras: dict[str, bool]
    out: str | None
    force: bool
    finished: Results | None = None
    """What it came to, where it is finished already."""


def fresh(
    *, file: str | None, settings: dict[str, Any], extras: dict[str, bool], out: str | None, force: bool
) -> Wanted:
    """Return a run of the scenario in a file.

    Raises
    ------
    UsageError
        If no file is named.
    ScenarioError
        If the scenario is wrong.
    """
    from retainsim.scenario import load

    if file is None:
        raise UsageError("name a scenario file, or an unfinished run: retainsim run FILE, retainsim run --resume RUN")
    return Wanted(load(file, settings), extras, out, force)


def reopened(
    run: str, *, file: str | None, settings: dict[str, Any], extras: dict[str, bool], out: str | None, force: bool
) -> Wanted:
    """Return the run that was begun in a folder, found to be the one that is asked for.

    Raises
    ------
    UsageError
        If there is none, or it is of another scenario or program, or something was not asked of it.
    """
    from retainsim.results import open_run
    from retainsim.scenario import load
    from retainsim.study.begun import Begun

    if out is not None or force:
        raise UsageError(f"--resume goes on in the folder of the run; leave {'--out' if out else '--force'} out")
    begun = Begun.at(run)
    if file or settings:
        begun.check_scenario(load(file or Path(run) / "scenario.toml", settings))
    begun.check_asked(extras)
    kept = {name: bool(begun.asked[name]) for name in extras}
    if begun.is_done:
        return Wanted(begun.scenario, kept, run, force, open_run(run))
    begun.check_program()
    return Wanted(begun.scenario, kept, run, force)
