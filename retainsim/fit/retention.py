"""Retention: a table of survivors, fitted by cohort or all cohorts together, and played against what was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retainsim.fit import backtest, pool, replay, staying
from retainsim.fit.choice import choose
from retainsim.fit.cohort import MOST
from retainsim.fit.cohorttable import Cohort, is_dated, read
from retainsim.fit.contractual import channels, charts, headline, segment
from retainsim.fit.draft import Facts
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.found import Found, Wish
from retainsim.fit.group import EVERYBODY, slugs
from retainsim.fit.part import Part, joined, settle
from retainsim.fit.reader import Reader
from retainsim.fit.replay import Played
from retainsim.fit.subscription import Subscription
from retainsim.fit.survival import kaplan_meier
from retainsim.fit.tap import ONE, Channel, Taps

KINDS = ("exponential", "sbg", "weibull", "bdw", "steps")
"""Laws for customers who may leave at each renewal."""


def fit(reader: Reader, facts: Facts, wish: Wish) -> Found:
    """Fit a retention table.

    Raises
    ------
    DataError
        If survivors are missing, no numbers, or rise, or nobody left.
    """
    cohorts, months = read(reader)
    groups = [(EVERYBODY, cohorts)] if is_dated(cohorts) else [(cohort.name, [cohort]) for cohort in cohorts]
    if is_dated(cohorts):
        reader.audit.say("read", f"{len(cohorts)} cohorts by date are one segment")
    wish.tell(f"fitting {len(groups)} segments")
    keys = slugs([name for name, _ in groups])
    parts = [_part(key, name, mine, months) for key, (name, mine) in zip(keys, groups, strict=True)]
    found = _taps(parts, cohorts, months, dated=is_dated(cohorts))
    tested = backtest.Backtest()
    wish.tell("playing newcomers of every segment")
    played = replay.lives(parts, round(max(part.curve.last for part in parts)))
    checks, table = staying.survival(parts, played)
    tested.add([*checks, *staying.leavings(parts, played)], survival=table)
    if is_dated(cohorts):
        tested.add([], cohorts=_map(cohorts, months, played))
    spells = joined([part.spells for part in parts])
    said = Subscription(facts, spells, parts, found, reader.audit, reader.table.name)
    report = {
        "segments": {part.key: segment(part) for part in parts},
        "channels": channels(found),
        "period_months": months,
    }
    return Found(said.draft(), tested, headline(parts, found), report, len(reader.table), charts(tested))


def _part(key: str, name: str, cohorts: list[Cohort], months: float) -> Part:
    spells = joined([cohort.spells(months) for cohort in cohorts]).grouped()
    curve = kaplan_meier(spells)
    choice = choose(spells, kinds=KINDS, grain=months, term=months)
    fitted, why = settle(choice, curve)
    there = ~spells.left
    present = np.repeat(spells.exit[there], np.round(spells.weights[there]).astype(np.int64))
    at = pool.tenures(present)
    return Part(
        key, name, spells, fitted, choice.candidates, why, curve, present, at, pool.churn(fitted.law, at, spells)
    )


def _map(cohorts: list[Cohort], months: float, played: Played) -> pd.DataFrame:
    """Tabulate the share still there by cohort and tenure, the latest cohorts, beside what was played."""
    frames = []
    for cohort in cohorts[-MOST:]:
        tenure = np.round(months * np.arange(len(cohort.alive))).astype(np.int64)
        told = {"joined": cohort.name, "width": round(months), "customers": cohort.alive[0], "month": tenure}
        shares = {
            "observed": cohort.alive / cohort.alive[0],
            "simulated": played.mean[tenure.clip(0, len(played.mean) - 1), 0],
        }
        frames.append(pd.DataFrame(told | shares))
    return pd.concat(frames, ignore_index=True)


def _taps(parts: list[Part], cohorts: list[Cohort], months: float, *, dated: bool) -> Taps:
    """Return joins a month: of the last year's cohorts if they follow one another, else what makes up for leavings."""
    counts = {part.key: part.count for part in parts}
    if dated:
        recent = cohorts[-max(1, round(12 / months)) :]
        total, span = sum(float(cohort.alive[0]) for cohort in recent), months * len(recent)
        half = NORMAL * np.sqrt(total)
        rate = Estimate(total / span, (total - half) / span, (total + half) / span)
        return Taps(
            (Channel(ONE, "", rate, round(total), {EVERYBODY: rate.value}),), span, f"the last {len(recent)} cohorts"
        )
    mix = {part.key: part.churn.value * counts[part.key] / 12 for part in parts}
    whole = sum(mix.values())
    rate = Estimate(whole, whole, whole)
    how = "as many as leave the pool in its first year; the table says nothing of joins; assumption"
    return Taps((Channel(ONE, "", rate, 0, mix),), 12.0, how, is_assumed=True)
