"""Voice: the words every chart uses for money and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retainsim.charts.lettering import BOUND
from retainsim.charts.scales import minus
from retainsim.wording import Money, span

if TYPE_CHECKING:
    from retainsim.results import Results
    from retainsim.study.answer import Answer


class Voice:
    """How a chart of a run, or of the answer to a question, writes amounts and what they count.

    Parameters
    ----------
    found
        The run or the answer.
    """

    def __init__(self, found: Results | Answer) -> None:
        self._run = found.report["run"]
        self.money = Money.of(found.scenario.parameters)

    @property
    def horizon(self) -> str:
        """Return how long the run looks ahead: five years."""
        return span(self._run["months"])

    @property
    def terms(self) -> str:
        """Return what an NPV of this run counts: over five years and five years of closing value, before tax."""
        run = self._run
        months = 12 * run["closing_years"]
        length = span(round(months)) if float(months).is_integer() else f"{run['closing_years']:g} years"
        closing = f" and {length} of closing value" if self.has_closing else ""
        return f"over {self.horizon}{closing}, {run['tax']}"

    @property
    def has_closing(self) -> bool:
        """True where NPV includes closing value."""
        return bool(self._run["closing_value"] == "expected")

    @property
    def replications(self) -> str:
        """Return how many replications there are, with the word."""
        return f"{self._run['replications']:,} replications"

    def say(self, amount: float, digits: int = 2) -> str:
        """Write an amount: EUR 1.9 m."""
        return minus(self.money.say(amount, digits)).replace(" ", BOUND)

    def signed(self, amount: float, digits: int = 2) -> str:
        """Write a difference of amounts, with its sign."""
        return ("+" if amount > 0 else "") + self.say(amount, digits)

    def mean(self, found: Mapping[str, float | None]) -> str:
        """Write the size of an estimated amount, with as many digits as keep it inside its interval."""
        return self.money.mean(found).replace(" ", BOUND)

    def ends(self, low: float | None, high: float | None) -> str:
        """Write the ends of an interval whose currency has been said: 1.8 m to 2.0 m."""
        return self.interval(low, high).partition(":")[2].lstrip(BOUND).replace(self.money.sign + BOUND, "")

    def interval(self, low: float | None, high: float | None) -> str:
        """Write a 95 % interval of an amount: 95 %: EUR 1.8 m to EUR 2.0 m."""
        ends = self.money.interval(low, high).split(" to ")
        return f"95{BOUND}%:{BOUND}" + " to ".join(minus(end).replace(" ", BOUND) for end in ends)
