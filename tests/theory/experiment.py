"""Experiment: scenarios written as tables, and what a run of them shows beside what theory expects.

Every check is two-sided and as wide as 4 standard errors; `pytest -o log_cli=true -o log_cli_level=INFO` shows
what was observed.
"""

import logging
import math

import numpy as np
import tomli_w

import retainsim
from retainsim import theory

log = logging.getLogger(__name__)


def scenario(*, segments, months=12, customers=0, tenure="new", reasons=None, calibrate=False, run=(), **tables):
    """Return a scenario with raw hazards, no closing value and prices of 1, unless told otherwise."""
    tree = {
        "run": {"months": months, "seed": 7, "closing_value": "none", **dict(run)},
        "pool": {"customers": customers, "tenure": tenure},
        "churn": {"calibrate": calibrate, "reasons": reasons or {"any": 1}},
        "segments": {name: {"price": 1.0, **segment} for name, segment in segments.items()},
        **tables,
    }
    return retainsim.loads(tomli_w.dumps(tree))


def play(replications=2, keep=False, **tables):
    """Play a scenario given by its tables, in this process."""
    return retainsim.run(scenario(**tables), replications=replications, jobs=1, customers=keep)


def measured(results, measure, arm="baseline"):
    """Return one value per replication."""
    table = results.outcomes
    return table.loc[table["arm"] == arm, measure].to_numpy(float)


def heads(results, by="segment", arm="baseline", measure="pool"):
    """Return counts by month (rows) and segment or channel (columns), added up over replications."""
    table = results.detail[results.detail["arm"] == arm]
    table = table[table["reason"] == ""] if measure != "left" else table
    counted = table.groupby(["month", by], observed=True)[measure].sum().unstack(fill_value=0)
    return counted.reindex(range(results.scenario.parameters.run.months + 1), fill_value=0)


def leavings(results, by="reason", arm="baseline"):
    """Return who left by month (rows) and reason, segment or channel (columns), added up over replications."""
    table = results.detail[(results.detail["arm"] == arm) & (results.detail["left"] > 0)]
    counted = table.groupby(["month", by], observed=True)["left"].sum().unstack(fill_value=0)
    return counted.reindex(range(results.scenario.parameters.run.months + 1), fill_value=0)


def mean(values):
    """Return the mean of independent values and its standard error."""
    values = np.asarray(values, dtype=float)
    return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))


def ratio(above, below):
    """Return the ratio of two means over the same replications, and its standard error."""
    found = float(np.mean(above) / np.mean(below))
    _, se = mean(np.asarray(above) - found * np.asarray(below))
    return found, se / abs(float(np.mean(below)))


def check(observed, expected, se, what=""):
    """Fail unless an observation lies within 4 standard errors of what is expected."""
    z = (observed - expected) / se if se else math.inf * (observed != expected) if observed != expected else 0.0
    text = f"{what}: observed {observed:.6g}, expected {expected:.6g}, se {se:.2g}, z {z:+.1f}"
    log.info(text)
    assert theory.within(observed, expected, se), text


def check_shares(counts, expected, n, what=""):
    """Fail unless each count among `n` independent customers is as the shares expected say."""
    pairs = list(zip(np.ravel(counts), np.ravel(expected), strict=True))
    for place, (count, share) in enumerate(pairs):
        check(count / n, share, theory.binomial_se(share, n), f"{what}[{place}]")


def check_exactly(observed, expected, what="", rel=1e-9):
    """Fail unless two numbers that no luck is in agree."""
    text = f"{what}: observed {observed:.12g}, expected {expected:.12g}, relative error {observed / expected - 1:.1e}"
    log.info(text)
    assert abs(observed - expected) <= rel * abs(expected), text
