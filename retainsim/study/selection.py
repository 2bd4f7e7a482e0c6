"""Selection: which of a few plans is best, and how sure that is: ranking and selection under common luck.

The fully sequential procedure of Kim & Nelson (2001, ACM TOMACS 11(3), 251-273), which takes plans out one after
another and gains from common luck: a plan that is best by `indifference` or more is chosen with probability
`1 - alpha` at least, where values are normal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import confidence_above_zero

Sample = Callable[[Sequence[int], range], Floats]
"""Returns the values of plans (by number) in replications: shape (plans, replications), paired by replication."""


@dataclass(frozen=True)
class Selection:
    """What a selection came to.

    Parameters
    ----------
    best
        Number of the plan chosen.
    p_best
        Lower bound (Bonferroni, paired Student t) of the confidence that its mean is the highest.
    values
        What was sampled, shape (plans, replications); NaN where a plan had been taken out.
    """

    best: int
    p_best: float
    values: Floats

    @property
    def sampled(self) -> list[int]:
        """Return how many replications each plan was given."""
        return [int(n) for n in np.isfinite(self.values).sum(axis=1)]


def select(
    sample: Sample, plans: int, *, indifference: float, first: int = 10, batch: int = 5, most: int = 60,
    alpha: float = 0.05,
) -> Selection:  # fmt: skip
    """Choose the plan with the highest mean, sampling in batches those that may still be it.

    Parameters
    ----------
    sample
        Where values come from.
    plans
        How many there are.
    indifference
        Difference in means (> 0, unit of the values) that is worth telling apart.
    first, batch, most
        Replications of every plan at first (at least 2), then at a time, and at most.
    alpha
        Chance of missing a plan that is best by `indifference`.
    """
    alive = list(range(plans))
    values = np.full((plans, most), np.nan)
    values[:, :first] = sample(alive, range(first))
    done, spreads = first, _variances(values[:, :first])
    while True:
        slack = _slack(spreads, plans, first, done, indifference=indifference, alpha=alpha)
        alive = _kept(values[:, :done].sum(axis=1), alive, slack)
        if len(alive) == 1 or done >= most or not slack[np.ix_(alive, alive)].any():
            break
        more = range(done, min(done + batch, most))
        values[alive, more.start : more.stop] = sample(alive, more)
        done = more.stop
    best = max(alive, key=lambda plan: float(values[plan, :done].mean()))
    return Selection(best, confidence(values[:, :done], best), values[:, :done])


def confidence(values: Floats, best: int) -> float:
    """Return a lower bound of the confidence that a plan has the highest mean; the same in every replication is a tie.

    Parameters
    ----------
    values
        Shape (plans, replications), NaN where a plan was not sampled.
    best
        Number of the plan.
    """
    doubt = 0.0
    for other in range(len(values)):
        gap = values[best] - values[other]
        gap = gap[np.isfinite(gap)]
        if other != best and gap.any():
            doubt += 1.0 - (confidence_above_zero(gap) or 0.0)
    return max(0.0, 1.0 - doubt)


def _variances(values: Floats) -> Floats:
    """Return the variance of the difference of every pair, shape (plans, plans)."""
    return np.asarray((values[:, None, :] - values[None, :, :]).var(axis=2, ddof=1))


def _slack(
    variances: Floats, plans: int, first: int, done: int, *, indifference: float, alpha: float
) -> Floats:  # fmt: skip
    """Return by how much the total of one plan may lag that of another before it is taken out (W, with c = 1)."""
    eta = ((2.0 * alpha / max(plans - 1, 1)) ** (-2.0 / (first - 1)) - 1.0) / 2.0
    reach = 2.0 * eta * (first - 1) * variances / indifference**2
    return np.asarray(np.maximum(0.0, indifference / 2.0 * (reach - done)))


def _kept(totals: Floats, alive: Sequence[int], slack: Floats) -> list[int]:
    return [i for i in alive if all(totals[i] >= totals[other] - slack[i, other] for other in alive)]
