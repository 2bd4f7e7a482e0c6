"""Question: what all commands that ask something of a scenario do alike: play, keep, say, draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.cli.option import Decorated

if TYPE_CHECKING:
    from pathlib import Path

    from retainsim.cli.screen import Screen
    from retainsim.scenario import Scenario
    from retainsim.study.answer import Answer

    Study = Callable[..., Answer]
    Show = Callable[[Answer, Screen], None]


def options(command: Decorated) -> Decorated:
    """Give a command FILE and the options of a question, from --out and --set to --jobs, --json and --debug.

    Where, what and how it is played ends in its argument `asked`, a dictionary to be passed on to `ask`.
    """

    @option.scenario_file
    @click.option("-o", "--out", help="Folder of the answer; default: a new one in ./runs.")
    @click.option("--charts/--no-charts", default=True, help="Draw the charts of the answer.")
    @option.settings
    @option.effort
    @option.force("Overwrite the answer that lies in the folder given by --out.")
    @option.screen
    @click.pass_context
    @wraps(command)  # what the command takes besides follows FILE
    def with_options(context: click.Context, /, screen: Screen, **given: Any) -> Any:
        names = ("file", "out", "charts", "settings", "jobs", "force", "ignore_memory")
        asked = {name: given.pop(name) for name in names}
        return context.invoke(command, asked=asked, screen=screen, **given)

    return with_options


def ask(study: Study, question: str, asked: dict[str, Any], screen: Screen, show: Show, **more: Any) -> None:
    """Load the scenario, let `study` answer, keep the answer in a folder, say it and draw it.

    `study(scenario, jobs=, progress=, store=, **more)` returns the answer; `show(answer, screen)` prints its tables.
    """
    from retainsim.cli import place
    from retainsim.scenario import load

    scenario = load(asked["file"], asked["settings"])
    if not asked["ignore_memory"]:
        fit(scenario, asked["jobs"], outcomes=False)
    with place.run_folder(asked["out"], scenario, force=asked["force"], question=question) as folder:
        answer = _answer(study, scenario, folder, screen, jobs=asked["jobs"], **more)
        answer.save(folder, force=True)
        place.forget_charts(folder)
    if screen.as_json:
        screen.answer(_placed(answer.report, folder))
    else:
        for sentence in answer.verdict:
            screen.item(sentence)
        screen.say("")
        show(answer, screen)
    if answer.recalled:
        screen.note(answer.recalled)
    screen.note(f"folder: {folder}")
    if asked["charts"] and answer.charts:
        _draw(answer, folder, screen)
    screen.warn(answer.warnings)


def _answer(
    study: Study, scenario: Any, folder: Path, screen: Screen, *, jobs: int | str | None, **asked: Any
) -> Answer:
    from retainsim.cli.progress import watch
    from retainsim.study.cluster import opened
    from retainsim.study.store import Store

    store = Store.of_run(folder)
    with opened(jobs) as where, watch(screen) as progress:
        answer = study(scenario, progress=progress, store=store, jobs=where, **asked)
    tell_damaged(store.damaged, screen)
    return answer


def fit(scenario: Scenario, jobs: int | str | None, **kept: bool) -> None:
    """Find what is to be played to fit into memory.

    Raises
    ------
    UsageError
        If it does not; the message says what takes how much.
    """
    from loky import cpu_count

    from retainsim.study.footprint import footprint, room

    processes = 0 if isinstance(jobs, str) else jobs or int(cpu_count())
    footprint(scenario, processes, **kept).check(room())


def tell_damaged(paths: Iterable[Path], screen: Screen) -> None:
    """Name what was kept and found damaged."""
    for path in dict.fromkeys(paths):
        screen.note(f"{path} was damaged; it was computed again", "yellow")


def _placed(report: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a report with the file that it names, if any, where it lies."""
    return {**report, "file": str(folder / report["file"])} if "file" in report else report


def _draw(answer: Answer, folder: Path, screen: Screen) -> None:
    from retainsim.charts import draw

    with screen.busy("drawing charts"):
        paths = draw(answer, folder / "charts")
    for path in paths:
        if path.suffix == ".png":
            screen.note(f"chart: {path}")
