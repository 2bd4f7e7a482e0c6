"""Risktable: how much of the firm hangs on a few customers, in a sentence and a table that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli.grid import Scale, estimated, lay_out
from retainsim.cli.screen import plain
from retainsim.study.compare import BASELINE
from retainsim.wording import figure, percent

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen

_PERCENT = Scale(0.01, "%", 1)
COLUMNS = {
    "largest_share": ("largest\n%", _PERCENT), "ten_largest_share": ("ten\nlargest %", _PERCENT),
    "revenue_at_risk": ("at risk\n%", _PERCENT), "landslides": ("land-\nslides", Scale(1.0, "", 2)),
}  # fmt: skip
CAPTION = (
    "Share of revenue of the largest customer and of the ten largest, mean of the quarters' ends. At risk: how far "
    "revenue is below what a quarter brings on average, in the worst 5 % of quarters. Landslides: quarters in which "
    "more than {limit} of revenue leaves with key accounts. HHI: the sum of all customers' squared shares of revenue."
)


def show(report: dict[str, Any], limit: float, screen: Screen) -> None:
    """Print what the largest customers mean to every arm, where there are key accounts or named clients.

    `limit` is the share of revenue that a landslide takes.
    """
    from rich.text import Text

    arms = {name: arm for name, arm in report["arms"].items() if "concentration" in arm}
    if not arms or arms[BASELINE]["concentration"]["largest_share"]["mean"] is None:
        return
    titles = [Text(plain(arm["title"]), style="bold" if name != BASELINE else "") for name, arm in arms.items()]
    width = screen.out.width
    rows = [_cells(arm["concentration"], width) for arm in arms.values()]
    screen.say("")
    screen.say("How much hangs on a few customers", "bold")
    screen.say(_sentence(arms[BASELINE]["concentration"]))
    screen.show(*lay_out(["arm", *(heading for heading, _ in COLUMNS.values())], titles, rows, width))
    screen.say(CAPTION.format(limit=percent(limit, 0)), "dim")


def _cells(measures: dict[str, Any], width: int) -> list[Text]:
    return [estimated(measures[measure], scale, 1.0, width) for measure, (_, scale) in COLUMNS.items()]


def _sentence(measures: dict[str, Any]) -> str:
    index = measures["herfindahl"]
    hhi = f"{figure(index['mean'])} (95 %: {figure(index['low'])} to {figure(index['high'])})"
    return (
        f"In the baseline the largest customer brings {_said(measures['largest_share'])} of revenue, and key accounts "
        f"bring {_said(measures['key_accounts_share'])}; HHI is {hhi}. In the worst 5 % of quarters revenue is "
        f"{_said(measures['revenue_at_risk'])} below what a quarter brings on average."
    )


def _said(found: dict[str, float]) -> str:
    return f"{percent(found['mean'])} (95 %: {percent(found['low'])} to {percent(found['high'])})"
