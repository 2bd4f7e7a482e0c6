"""Economics: what a customer is worth, what one more costs to win or to keep, and when money is back."""

from __future__ import annotations

import math

import numpy as np

from retainsim.bases import Bases
from retainsim.closing import future_value
from retainsim.draws import Floats, Luck
from retainsim.engine import build
from retainsim.expectation import expected_retention, is_closed_form
from retainsim.opening import segment_shares
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters
from retainsim.scenario.segment import Purchases
from retainsim.world import Setup, World

LIFE_YEARS = 100.0
"""How far a customer's lifetime value looks; nobody stays longer."""
_RANKS, _GRID = 400, 120


def lifetime_values(today: Parameters, bases: Bases) -> dict[str, dict[str, float]]:
    """Return the expected lifetime value of a newcomer (money, continuous convention, after tax).

    By segment as such (`segment`) and by the channel's own mix of segments (`channel`); acquisition cost is not
    taken off.
    """
    world = _empty_world(today, bases)
    table = _newcomers(world, 12.0 * LIFE_YEARS)
    channels = {c: _by_mix(world, today, table, o) for o, c in enumerate(world.origins) if o}
    values = dict(zip(bases.segments, table[:, 0].tolist(), strict=True))
    return {"segment": {name: values[name] for name in sorted(today.segments)}, "channel": channels}


def newcomer_values(today: Parameters, bases: Bases, spans: Floats) -> dict[str, Floats]:
    """Return what one who joins through a channel is expected to bring within each span of months, at joining.

    Money after tax, acquisition cost not taken off, under the hazards in force at month 0; shape (spans,) by channel.
    """
    world = _empty_world(today, bases)
    tables = [_newcomers(world, span) for span in spans.tolist()]
    origins = [(place, name) for place, name in enumerate(world.origins) if name in today.acquisition]
    return {name: np.array([_by_mix(world, today, table, place) for table in tables]) for place, name in origins}


def acquisition_costs(today: Parameters) -> dict[str, dict[str, float | None]]:
    """Return average and marginal cost of a join by channel, at the spend of the file (money per join)."""
    found: dict[str, dict[str, float | None]] = {}
    for name, channel in sorted(today.acquisition.items()):
        if channel.spend is None:
            average = marginal = channel.cost_per_join or 0.0
        else:
            average = channel.spend / channel.joins if channel.joins else math.inf
            marginal = channel.marginal_cost(channel.spend, channel.spend)
        found[name] = {"average": _finite(average), "marginal": _finite(marginal)}
    return found


def marginal_cost_to_retain(today: Parameters, bases: Bases) -> float | None:
    """Return what the programme spends for one more customer kept for a year (money); None where it keeps nobody more.

    The yearly spend per customer over the retention it adds, at the spend of the file (1 / r'(R), Pfeifer 2005).
    """
    programme = today.mechanisms.retention_programme
    if programme is None or programme.targets != "everyone":
        return None
    step = max(1e-3 * (programme.effect_at or programme.spend_per_customer), 1e-9)
    more = 1.0 - programme.prevented(programme.spend_per_customer + step)
    ratio = more / (1.0 - programme.prevented(programme.spend_per_customer))
    if ratio == 1.0:
        return None
    aimed = programme.aims_at or [r for r in bases.reasons if r != "involuntary"]
    tried = ratio if is_closed_form(today) else _TRIED
    lever = np.where(np.isin(bases.reasons, aimed), tried, 1.0)[None, :] * np.ones_like(bases.hazards)
    weights = segment_shares(today, bases)
    with_more, without = (expected_retention(today, bases, each, precision=np.inf) for each in (lever, None))
    gain = weights @ (with_more - without) * (1.0 - ratio) / (1.0 - tried)
    return float(12.0 * step / gain) if gain > 0 else None


_TRIED = 0.9
"""Factor on hazards at which a gain is simulated, then scaled down: a thousandth of it cannot be told from luck."""


def payback_month(cumulative: Floats) -> float:
    """Return the month from which a cumulative gain (months + 1,) stays at or above zero; NaN if never."""
    below = np.flatnonzero(cumulative < -1e-9 * max(1.0, float(np.abs(cumulative).max())))
    if not len(below):
        return 0.0
    return float(below[-1] + 1) if below[-1] + 1 < len(cumulative) else math.nan


def _empty_world(today: Parameters, bases: Bases) -> World:
    empty = today.model_copy(update={"pool": today.pool.model_copy(update={"customers": 0})})
    return build(Setup(empty, Arm(), Timeline(empty, Arm()), bases), Luck(0, 0))


def _newcomers(world: World, months: float) -> Floats:
    """Return the mean value of newcomers over so many months, shape (segments, origins)."""
    segments, origins = range(len(world.segments)), range(len(world.origins))
    return np.array([[_newcomer(world, s, o, months) for o in origins] for s in segments])


def _newcomer(world: World, segment: int, origin: int, months: float) -> float:
    """Return the mean value of newcomers over evenly spread ranks of frailty, or of rates and chances to drop out."""
    pool, law = world.pool, world.bases.frailties[segment]
    buys = world.now.everyone[world.segments[segment]].purchases
    spends, lapses = (np.ones(1), np.zeros(1)) if buys is None else _buyers(buys)
    rows = pool.append(len(spends) if law.is_none else _RANKS)
    pool["spends"][rows], pool["lapses"][rows] = (spends, lapses) if law.is_none else (spends.mean(), 0.0)
    pool["segment"][rows], pool["origin"][rows] = segment, origin
    pool.place(rows, segment * len(world.origins) + origin)
    pool["frailty"][rows] = law.quantile((np.arange(len(rows)) + 0.5) / len(rows))
    world.money.enter(rows, np.zeros(len(rows)))
    value = float(future_value(world, rows, months).mean()) + _first_purchase(world, segment, origin)
    pool.remove(rows)
    return value * (1.0 - world.now.firm.tax_rate)


def _buyers(buys: Purchases) -> tuple[Floats, Floats]:
    """Return what buyers spend a month (money) and their hazard of dropping out, over a grid of equally likely ones."""
    from scipy.special import betaincinv, gammaincinv

    ranks = (np.arange(_GRID) + 0.5) / _GRID
    rates = np.ones(_GRID) if buys.shape is None else np.asarray(gammaincinv(buys.shape, ranks))
    chances = np.zeros(_GRID) if buys.dropout is None else betaincinv(buys.dropout.a, buys.dropout.b, ranks)
    each: Floats = np.repeat(rates / rates.mean() * buys.per_month, _GRID).astype(np.float64)
    return each * buys.spend.mean, each * np.tile(chances, _GRID)


def _first_purchase(world: World, segment: int, origin: int) -> float:
    """Return the margin of the purchase with which a newcomer joins; none of who pays by the month (money)."""
    buys, tariff = world.now.everyone[world.segments[segment]].purchases, world.money.tariffs[segment][origin]
    return 0.0 if buys is None else buys.spend.mean * tariff.revenue * tariff.gross_margin


def _by_mix(world: World, today: Parameters, table: Floats, origin: int) -> float:
    channel = today.acquisition.get(world.origins[origin])
    mix = world.mix(channel.mix if channel else None)
    return float(mix @ table[:, origin] / mix.sum())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
