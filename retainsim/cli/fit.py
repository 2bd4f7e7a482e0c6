"""Fit: the command that makes a scenario of customer data and says whether it reproduces them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.fit.fitted import Fit

ANSWER = "-fit"
"""What the folder of the report is called after the scenario."""
_EVERY_SECONDS = 10.0


def parse_columns(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Take every ROLE=COLUMN apart."""
    found: dict[str, str] = {}
    for text in value:
        role, is_said, column = (part.strip() for part in text.partition("="))
        if not (role and is_said and column) or role in found:
            raise click.BadParameter(f"{text!r}; name every role once, such as start=signup_date")
        found[role] = column
    return found


@click.command(short_help="Make a scenario of your own customer data.")
@click.argument("data")
@click.option("-o", "--out", metavar="FILE", help="Scenario to write; default: the name of DATA with .toml.")
@click.option(
    "--map", "columns", metavar="ROLE=COLUMN", multiple=True, callback=parse_columns,
    help="Which column plays a role: start=signup_date; churned=none for no column. Repeatable.",
)  # fmt: skip
@click.option(
    "--by", metavar="COLUMN", help="Column that makes segments; none: one segment. Default: as the data bear."
)
@click.option("--observed-from", metavar="DATE", help="Customers who left before are missing from the data.")
@click.option("--observed-until", metavar="DATE", help="Day of the export. Default: the last date in the data.")
@click.option(
    "--shape", type=click.Choice(["customers", "retention", "transactions"]),
    help="What a row is: a customer, a cohort, a purchase. Default: as the columns tell.",
)  # fmt: skip
@click.option("--uncertain", is_flag=True, help="Write what was estimated as distributions.")
@option.force("Overwrite the scenario and its report.")
@option.screen
def command(data: str, *, out: str | None, force: bool, screen: Screen, **asked: Any) -> None:
    """Make a scenario of customer data: a CSV, Parquet or Excel file with a row a customer, a table of cohorts, or
    transactions.

    Churn, how it runs with tenure, reasons, prices, joins and channels are estimated, each with its 95 % interval. What
    the data do not say has a default marked FILL IN. Then the observed time is played with these numbers and compared
    with what happened: the report, with charts, lies in a folder beside the scenario.

    \b
    Example:
      retainsim fit scenarios/data/telco.csv --by Contract -o mine.toml
      retainsim validate mine.toml
    """
    from retainsim.cli.place import write_new
    from retainsim.fit.fitted import fit

    path = Path(out) if out else Path((Path(data).stem or "customers") + ".toml")
    if path.suffix.lower() != ".toml":
        raise UsageError(f"--out: {path} does not end in .toml; name a file that does")
    folder = path.with_name(path.stem + ANSWER)
    _check_free(path, folder, force=force)
    with _telling(screen) as tell:
        found = fit(data, tell=tell, **asked)
        write_new(path, found.text, force=force)
        tell("drawing the report")
        found.save(folder, force=True)
    _show(found, path, folder, screen)


def _check_free(path: Path, folder: Path, *, force: bool) -> None:
    """Refuse to overwrite anything, before any work is done.

    Raises
    ------
    UsageError
        If the scenario or a folder of a report is there, unless `force`, or the folder of the scenario is not.
    """
    taken = next((each for each in (path, folder) if each.exists()), None)
    if taken is not None and not force:
        raise UsageError(f"{taken} exists already; choose another name with --out, or use --force")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: there is no such folder; make it, or choose another place with --out")


@contextmanager
def _telling(screen: Screen) -> Iterator[Callable[[str], None]]:
    """Yield what is called with what is being done: a line that changes on a terminal, else one every ten seconds."""
    if screen.quiet:
        yield lambda text: None
    elif screen.err.is_terminal:
        with screen.err.status("reading") as status:
            yield status.update
    else:
        last = [time.monotonic()]

        def tell(text: str) -> None:
            if time.monotonic() - last[0] >= _EVERY_SECONDS:
                last[0] = time.monotonic()
                screen.note(text)

        yield tell


def _show(found: Fit, path: Path, folder: Path, screen: Screen) -> None:
    if screen.as_json:
        screen.answer({**found.answer.report, "file": str(path), "report": str(folder / "report.html")})
    else:
        for sentence in found.verdict:
            screen.item(sentence)
        screen.say("")
        _table(found, screen)
    _understood(found, screen)
    screen.note(f"scenario: {path}")
    screen.note(f"report: {folder / 'report.html'}")
    screen.warn(found.warnings)


def _table(found: Fit, screen: Screen) -> None:
    """Print what was compared: observed, simulated, band."""
    from rich.text import Text

    from retainsim.cli.grid import lay_out
    from retainsim.present.fitreport import check_cells

    cells = [check_cells(each) for each in _telling_most(found.answer.report["checks"])]
    titles = [Text(each["name"], style="" if each["agrees"] else "bold red") for each in cells]
    rows = [
        [
            Text(each["observed"]),
            Text(each["simulated"]),
            Text(each["band"], style="dim"),
            _judged(each),
        ]
        for each in cells
    ]
    screen.show(*lay_out(["compared", "observed", "simulated", "band (95 %)", ""], titles, rows, screen.out.width))
    screen.say(
        "Survival of newcomers where it is furthest off, segment by segment; all of it is in the report. Of series: "
        "how many months are within their own band.",
        "dim",
    )
    open_keys = found.answer.report["fill_in"]
    screen.say(f"{len(open_keys)} numbers the data say nothing about wait for you, marked FILL IN in the file.", "dim")


def _judged(check: dict[str, Any]) -> Text:
    """Write whether observed and simulated agree, and of a series in how many months."""
    from rich.text import Text

    said = Text("agrees" if check["agrees"] else "parts")
    return said.append(f"\n{check['covered']}", style="dim") if check["covered"] else said


def _telling_most(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparisons a terminal has room for: of survival what parts, and the furthest of every segment."""
    kept: list[dict[str, Any]] = []
    furthest: dict[str, dict[str, Any]] = {}
    for each in checks:
        head, _, segment = each["name"].partition(" months, ")
        if not head.startswith("still there") or not each["agrees"]:
            kept.append(each)
        elif segment not in furthest or _gap(each) > _gap(furthest[segment]):
            furthest[segment] = each
    return [*furthest.values(), *kept]


def _gap(check: dict[str, Any]) -> float:
    return abs(check["simulated"] - check["observed"])


def _understood(found: Fit, screen: Screen) -> None:
    """Say which column was taken for what, and what was found in the rows."""
    data = found.answer.report["data"]
    screen.note(f"{data['name']}: {data['rows']:,} rows, {data['used']:,} used, {data['left_out']:,} left out")
    for line in found.guess.lines():
        screen.note(f"  {line}")
    for note in found.audit.of("left out", "mended", "read"):
        screen.note(f"  {note.kind}: {note}")
