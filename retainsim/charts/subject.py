"""Subject: which arm a chart is about, and the words for arms and for numbers of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts.lettering import BOUND, clean
from retainsim.charts.scales import minus
from retainsim.charts.voice import Voice
from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE
from retainsim.study.runs import headline
from retainsim.wording import figure

if TYPE_CHECKING:
    from retainsim.results import Results

MOST_ARMS = 8
_TITLE = 70


class Subject(Voice):
    """The arm a chart is about.

    Parameters
    ----------
    results
        The run.
    arm
        Its name; default: the arm the headline is about, or the baseline where there is no other.

    Raises
    ------
    UsageError
        If there is no such arm.
    """

    def __init__(self, results: Results, arm: str | None = None) -> None:
        self.results: Results = results
        self.arm = arm or headline(results.scenario) or BASELINE
        if self.arm not in results.arms:
            raise UsageError(f"there is no arm {arm!r}; the arms are {', '.join(results.arms)}")
        super().__init__(results)

    @property
    def is_alone(self) -> bool:
        """True where there is nothing to compare: the subject is the baseline."""
        return self.arm == BASELINE

    @property
    def report(self) -> dict[str, Any]:
        """Return what the report says of the arm."""
        found: dict[str, Any] = self.results.report["arms"][self.arm]
        return found

    @property
    def difference(self) -> dict[str, Any]:
        """Return what the report says of the arm less the baseline."""
        found: dict[str, Any] = self.report["versus_baseline"]
        return found

    @property
    def name(self) -> str:
        """Return the arm's title, short enough for the beginning of a sentence."""
        title = self.title(self.arm)
        return (title if len(title) <= _TITLE else title[:_TITLE].rsplit(" ", 1)[0] + "…").rstrip(" .,:;")

    @property
    def arms(self) -> list[str]:
        """Return the arms a chart has room for: the baseline, the subject and those that differ most in NPV."""
        results = self.results

        def weight(name: str) -> float:
            if name in (BASELINE, self.arm):
                return float("inf")
            return abs(float(results.report["arms"][name]["versus_baseline"]["npv"]["mean"]))

        kept = set(sorted(results.arms, key=weight, reverse=True)[:MOST_ARMS])
        return [name for name in results.arms if name in kept]

    @property
    def left_out(self) -> list[str]:
        """Return a note on the arms there is no room for, if any."""
        every, shown = len(self.results.arms), len(self.arms)
        return [f"{shown} of {every} arms: those whose NPV differs most from the baseline."] if shown < every else []

    def title(self, arm: str) -> str:
        """Return the title of an arm, on one line."""
        return clean(self.results.arms[arm]) or arm


def interval_of_counts(low: float | None, high: float | None) -> str:
    """Write a 95 % interval of a number of customers."""
    if low is None or high is None:
        return f"95{BOUND}%:{BOUND}interval unknown"
    return f"95{BOUND}%:{BOUND}{amount(low)} to {amount(high)}"


def difference(number: float) -> str:
    """Write a difference of mean numbers of customers, with its sign."""
    return f"{'+' * (number > 0)}{amount(number)}"


def amount(number: float) -> str:
    """Write a mean number of customers: 4,382, 5.3, 0.021."""
    size = abs(number)
    if size >= 1 or number == 0:
        return minus(f"{number:,.{0 if size >= 9.95 or number == 0 else 1}f}")
    return minus(f"{'-' * (number < 0)}{figure(size)}")
