"""Sweep: the command that plays every arm at many values of one key or more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option, question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer
    from retainsim.wording import Money

_MOST_ROWS = 12
"""Rows of the table on the screen: all of one short axis, else the points at which most is gained."""
_TITLES = 14
"""Columns that the values of the second key take at most."""


@click.command(short_help="Play every arm at many values of one key or more.")
@option.vary("LO:HI:N or a,b,c")
@option.assume
@click.option("--design", type=click.Choice(["grid", "lhs"]), default="grid", help="All combinations, or a Latin "
              "hypercube of --points points.")  # fmt: skip
@click.option("--points", metavar="N", type=click.IntRange(2, 100_000), help="Points of the Latin hypercube.")
@click.option("--map", "as_map", is_flag=True, help="Map retention gain against acquisition spend; no --vary needed.")
@click.option("--arm", "arms", multiple=True, metavar="ARM", help="Play this arm and the baseline only. Repeatable.")
@click.option("--channel", metavar="CHANNEL", help="With --map: the channel whose spend is meant.")
@question.options
def command(
    *, vary: dict[str, str], assume: dict[str, str], arms: tuple[str, ...], asked: dict[str, Any], screen: Screen,
    **chosen: Any,
) -> None:  # fmt: skip
    """Play every arm at many values of one key or more, and see where the advice changes.

    --vary is what the firm decides from month 0 on (where no arm can change the key, the file's value); --assume takes
    the file's value to be otherwise. The table, one row per point, arm and measure, is a parquet file in the folder of
    the answer. What is played is kept point by point: after Ctrl-C the same command goes on from there.

    --map draws the iso-profit map: retention gain against acquisition spend, and what each plan is worth against
    today's. Where an arm is named, its lever is meant; at no gain there is no lever.

    \b
    Example:
      retainsim sweep scenarios/five_points.toml --vary acquisition.advertising.spend=20000:80000:4
      retainsim sweep scenarios/five_points.toml --map --arm retention --set run.months=12
      retainsim sweep scenarios/five_points.toml --assume segments.small.annual_churn=0.15:0.3 --design lhs --points 3
    """
    from retainsim.study.sweep import isoprofit, sweep

    points, channel = _points(chosen), chosen["channel"]
    if chosen["as_map"]:
        if vary or assume or points or len(arms) > 1:
            raise click.UsageError("--map takes one --arm and one --channel, and says itself what is varied")
        question.ask(isoprofit, "sweep", asked, screen, show, arm=next(iter(arms), None), channel=channel)
        return
    if channel:
        raise click.UsageError("--channel belongs to --map; without it name the key: --vary acquisition.NAME.spend=...")
    question.ask(sweep, "sweep", asked, screen, show, vary=vary, assume=assume, points=points, arms=arms or None)


def _points(chosen: dict[str, Any]) -> int | None:
    """Return the points of a Latin hypercube; None for a grid."""
    if (chosen["design"] == "lhs") != (chosen["points"] is not None):
        raise click.UsageError("a Latin hypercube takes both: --design lhs --points N")
    return chosen["points"]


def show(answer: Answer, screen: Screen) -> None:
    """Print the points: a small grid as a grid, all of a short axis, or those at which the arm shown gains most."""
    from retainsim.wording import Money

    money, report = Money.of(answer.scenario.parameters), answer.report
    if report["design"] == "grid" and len(report["keys"]) == 2 and _grid(answer, money, screen):
        return
    shown = _list(answer, money, screen)
    few = f" The {shown} points at which most is gained, of {report['points']:,}." if shown < report["points"] else ""
    of = f"the mean of {report['run']['replications']} replications"
    screen.say(f"NPV less that of {_than(report)}. Ranges: 95 % intervals of {of}.{few}", "dim")


def _grid(answer: Answer, money: Money, screen: Screen) -> bool:
    """Print what the arm shown gains by both keys, where it fits."""
    from rich.text import Text

    from retainsim.cli.grid import Scale, lay_out

    report, table = answer.report, answer.table
    (first, second), shown = report["keys"], report["shown"]
    gain = "vs_today" if shown["against"] == "today" else "difference"
    mine = table[(table["measure"] == "npv") & (table["arm"] == shown["arm"])]
    wide = mine.pivot(index=second["key"], columns=first["key"], values=[gain, f"{gain}_low", f"{gain}_high"])
    values = wide[gain].columns
    scale = Scale.of(money.unit * mine[gain].abs().max() * share for share in (0.1, 1.0))
    rows = []
    for level in wide.index[::-1]:
        ends = [[wide.loc[level, (name, value)] for name in wide.columns.levels[0]] for value in values]
        rows.append(
            [Text(scale(money.unit * mean, "+"), style="dim" if low <= 0 <= high else "") for mean, high, low in ends]
        )
    widest = max(len(cell.plain) for row in rows for cell in row) + 2
    if widest * len(values) > screen.out.width - _TITLES:
        return False
    heads = [_number(value) for value in values]
    titles = [Text(_number(level)) for level in wide.index[::-1]]
    screen.say(f"NPV less that of {_than(report)}, {money.sign} {scale.suffix}".rstrip(), "bold")
    screen.say(f"across: {_heading(first, money)}; down: {_heading(second, money)}")
    screen.show(*lay_out(["", *heads], titles, rows, screen.out.width))
    runs = report["run"]["replications"]
    screen.say(f"Means of {runs} replications; dim: the 95 % interval holds zero. Intervals: {report['file']}.", "dim")
    return True


def _list(answer: Answer, money: Money, screen: Screen) -> int:
    """Print one point a row, as many arms as there is room for, and return how many points."""
    from rich.text import Text

    from retainsim.cli.grid import WIDE, Scale, estimated, lay_out

    arms, rows = _rows(answer)
    gains = Scale.of(money.unit * npv["mean"] for _, npvs in rows for npv in npvs)
    heads = [f"{arm.replace('_', chr(10))}\n{money.sign} {gains.suffix}".rstrip() for arm in arms]
    titles = [Text(title) for title, _ in rows]
    for width in dict.fromkeys((screen.out.width, min(screen.out.width, WIDE - 1))):
        cells = [[estimated(npv, gains, money.unit, width, "+") for npv in npvs] for _, npvs in rows]
        room = _room([titles, *zip(*cells, strict=True)], heads, 2 if width >= WIDE else 1, screen.out.width)
        if room == len(arms):
            break
    screen.say(f"down: {'; '.join(_heading(key, money) for key in answer.report['keys'])}")
    screen.show(*lay_out(["", *heads[:room]], titles, [row[:room] for row in cells], width))
    if room < len(arms):
        screen.say(f"No room here for {', '.join(arms[room:])}: see {answer.report['file']}.", "dim")
    return len(rows)


def _room(columns: Sequence[Sequence[Text]], heads: Sequence[str], gap: int, width: int) -> int:
    """Return how many arms, at least one, stand side by side within a width; the first column holds the titles."""
    texts = [[*(cell.plain for cell in column), head] for column, head in zip(columns, ["", *heads], strict=True)]
    widths = [gap + max(len(line) for text in column for line in text.split("\n")) for column in texts]
    return max(1, sum(sum(widths[: end + 1]) - gap <= width for end in range(1, len(widths))))


def _rows(answer: Answer) -> tuple[list[str], list[tuple[str, list[dict[str, Any]]]]]:
    """Return the arms shown, and for every point shown its values and what each arm gains there."""
    report, table = answer.report, answer.table[answer.table["measure"] == "npv"]
    keys, shown, against = [key["key"] for key in report["keys"]], report["shown"]["arm"], report["shown"]["against"]
    gain = "vs_today" if against == "today" else "difference"
    is_short = len(keys) == 1 and report["points"] <= _MOST_ROWS
    arms = [arm for arm in report["arms"] if arm != against] if is_short else [shown]
    best = table[table["arm"] == shown].sort_values(gain, ascending=False, kind="stable")["point"]
    places = sorted(best) if report["points"] <= _MOST_ROWS else best[:_MOST_ROWS].tolist()
    found, ends = table.set_index(["point", "arm"]), {"mean": gain, "low": f"{gain}_low", "high": f"{gain}_high"}
    rows = []
    for place in places:
        values = ", ".join(_number(found.loc[(place, shown), key]) for key in keys)
        rows.append((values, [{end: found.loc[(place, arm), name] for end, name in ends.items()} for arm in arms]))
    return arms, rows


def _number(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _heading(key: dict[str, Any], money: Money) -> str:
    from retainsim.study.axis import unit_name

    return f"{key['words']}, {unit_name(key['unit'], money)}".rstrip(", ")


def _than(report: dict[str, Any]) -> str:
    return "today's plan" if report["shown"]["against"] == "today" else "the baseline at the same point"
