"""Chapter: one segment of a scenario, number by number."""

from __future__ import annotations

from typing import Any

from retainsim.fit.estimate import Estimate
from retainsim.fit.layout import Block, Key, interval, significant
from retainsim.fit.part import Part, distance

PRICE = 50.0
"""Assumed where the data say nothing of money."""
MARGIN, SERVE = 0.60, 0.13
"""Gross margin, and cost to serve as a share of price: assumptions."""

SURE = 0.9999
"""Highest churn a year that is written: at 1 nobody would be left to reckon with."""


def chapter(part: Part) -> Block:
    """Return the table of a segment."""
    keys = [Key("share", part.count, "any scale: customers present at the end of observation"), *_money(part)]
    keys += [
        Key(
            "annual_churn",
            min(significant(part.churn.value), SURE),
            f"share a year of those present, at their tenures ({interval(part.churn)}); "
            f"newcomers: {100 * part.fit.law.churn():.1f} %",
            part.churn,
            "beta",
        ),
        *_law(part),
        Key(
            "tenures",
            part.at,
            f"months: of the {part.count:,} present at equal steps of rank, the shortest first; mean "
            f"{part.present.mean():.1f}",
        ),
    ]
    return Block(f"segments.{part.key}", keys, notes=_notes(part))


def _notes(part: Part) -> list[str]:
    spells = part.spells
    found = [
        f"{part.label}: {spells.n:,.0f} customers, {spells.events:,.0f} left, {part.count:,} present, "
        f"{spells.exposure:,.0f} customer-months.",
        f"Law of staying: {part.why}.",
        "  law             parameters        AIC        BIC   beyond Kaplan-Meier's interval by",
    ]
    first = float(spells.entry.min())
    for each in sorted(part.candidates, key=lambda c: c.fit.bic):
        far = 100 * distance(each.fit, part.curve, first)
        mark = "  <- taken" if each.fit.kind == part.fit.kind else ""
        found.append(
            f"  {each.fit.kind:<15} {each.fit.parameters:>10} {each.fit.aic:>10,.1f} {each.fit.bic:>10,.1f}   "
            f"{far:.1f} points{mark}"
        )
    return found


def _money(part: Part) -> list[Key]:
    price = part.price
    cost = significant(SERVE * (price.mean.value if price else PRICE), 2)
    unit = "money per customer-month"
    return [
        Key(
            "price",
            round(price.mean.value, 2),
            f"{unit}: mean of the {price.n:,} present whose price is known "
            f"({interval(price.mean, '.2f')}){_spread(part)}",
            price.mean,
        )
        if price
        else Key("price", PRICE, f"{unit}; the data hold no price", is_open=True),
        Key("gross_margin", MARGIN, "share of revenue; assumption", is_open=True),
        Key(
            "cost_to_serve",
            round(part.cost.value, 2),
            f"{unit}: mean of those present ({interval(part.cost, '.2f')})",
            part.cost,
        )
        if part.cost
        else Key("cost_to_serve", cost, f"{unit}; assumption: {100 * SERVE:.0f} % of the price", is_open=True),
    ]


def _spread(part: Part) -> str:
    """Say how much prices differ, and how they run with tenure, and which mechanism would say so."""
    assert part.price is not None
    spread, grown = part.price.spread, part.growth
    said = f"; standard deviation of ln price {spread.value:.2f}"
    if part.price.is_spread:
        said += f": to have sizes differ, add [mechanisms.key_accounts] with sigma = {spread.value:.2f}"
    if grown is not None and grown.is_clear:
        each = grown.per_year
        said += (
            f"; who has been here a year longer pays {100 * each.value:+.1f} % ({100 * each.low:+.1f} to "
            f"{100 * each.high:+.1f} %), "
            "across customers: [mechanisms.growth] premium_per_year, if it is a rise and not who stays"
        )
    return said


def _law(part: Part) -> list[Key]:
    """Return frailty and duration, with intervals."""
    shape, estimates = part.fit.law.shape(), part.fit.estimates
    found = []
    if "frailty" in shape:
        found.append(
            Key(
                "frailty",
                _short(shape["frailty"]),
                f"how customers differ in hazard: {_said(estimates, ('variance', 'a', 'b'))}",
            )
        )
    duration = shape.get("duration")
    if duration is None:
        return found or [Key("duration", {"kind": "none"}, "the hazard does not change with tenure")]
    if duration["kind"] == "power":
        return [
            *found,
            Key("duration", _short(duration), f"how hazard runs with tenure: {_said(estimates, ('power',))}"),
        ]
    edges = ", ".join(
        f"{name.removeprefix('hazard ')}: {each.value:.4f} ({each.low:.4f} to {each.high:.4f})"
        for name, each in estimates.items()
        if name.startswith("hazard ")
    )
    return [
        *found,
        Key(
            "duration",
            _short(duration),
            f"factors on the hazard, 1 on average over the first year; months: tenures at "
            f"which it changes. Leavings per customer-month and 95 % interval: {edges}",
        ),
    ]


def _short(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table of a law with numbers as long as they are worth."""
    rounded: dict[str, Any] = {}
    for name, each in table.items():
        if isinstance(each, list):
            rounded[name] = [significant(x, 5) for x in each]
        else:
            rounded[name] = significant(each, 5) if isinstance(each, float) else each
    return rounded


def _said(estimates: dict[str, Estimate], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {interval(estimates[name], '.3g')}" for name in names if name in estimates)
