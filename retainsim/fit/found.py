"""Found: what a fit of any shape of data came to, before it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from retainsim.fit.backtest import Backtest
from retainsim.fit.draft import Draft

Tell: TypeAlias = Callable[[str], None]
"""Called with what is being done."""


@dataclass(frozen=True)
class Found:
    """A fit.

    Parameters
    ----------
    draft
        The scenario.
    backtest
        Observed beside simulated.
    headline
        The sentence with the number that matters most.
    report
        Numbers for machines: segments, channels and whatever the shape has.
    used
        Rows of the table that were used.
    charts
        Names of the charts there is something to draw for.
    """

    draft: Draft
    backtest: Backtest
    headline: str
    report: Mapping[str, Any]
    used: int
    charts: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Wish:
    """What the user asks of a fit, beside the data.

    Parameters
    ----------
    by
        Column that makes segments; None: as the data bear.
    since, until
        Days (since 1970) between which customers were observed; None: as the data tell.
    tell
        Called with what is being done.
    """

    by: str | None = None
    since: float | None = None
    until: float | None = None
    tell: Tell = lambda text: None
