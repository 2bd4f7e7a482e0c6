"""Derive scenarios/telco.toml from the customers of a telephone company, every number with its n and method.

Run it without arguments to write the scenario; with `--check` it writes nothing and exits 1 if the scenario
differs from what the data say. Half of this file is the text of the scenario.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from difflib import unified_diff
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.integrate import trapezoid

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = npt.NDArray[np.float64]

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
SEGMENTS = {"Month-to-month": "month_to_month", "One year": "one_year", "Two year": "two_year"}
CANDIDATES = (1.0, 3.0, 6.0, 12.0, 24.0, 36.0, 48.0, 60.0)
"""Tenures (months) at which the hazard may change."""
LEAST = 10
"""Leavings that a band of tenure must hold: a rate from 10 has a standard error of a third of itself."""
GRID = 0.01
"""Months between the tenures at which survival is integrated."""

COST_PER_JOIN = 300
"""USD per join, on average: assumption."""
ROOM = 2.5
"""Joins a month that no spend exceeds, per join of today: assumption."""


@dataclass(frozen=True)
class Contract:
    """The customers of one contract, each with the months seen, whether it left then, and its charge."""

    name: str
    tenures: Floats
    left: npt.NDArray[np.bool_]
    charges: Floats

    @property
    def present(self) -> int:
        """Count those who did not leave."""
        return int((~self.left).sum())

    @cached_property
    def bands(self) -> tuple[tuple[float, float], ...]:
        """Return the bands of tenure, from-to: a band of fewer than LEAST leavings joins the next one."""
        edges = [0.0]
        for edge in CANDIDATES:
            if edge < self.tenures.max() and self._leavings(edges[-1], edge) >= LEAST:
                edges.append(edge)
        if len(edges) > 1 and self._leavings(edges[-1], np.inf) < LEAST:
            edges.pop()
        return tuple(pairwise([*edges, float(self.tenures.max())]))

    @cached_property
    def leavings(self) -> Floats:
        """Count those who left in each band."""
        return np.array([self._leavings(*band) for band in self.bands], dtype=np.float64)

    @cached_property
    def exposure(self) -> Floats:
        """Return the customer-months seen in each band."""
        return np.array([(np.clip(self.tenures, a, b) - a).sum() for a, b in self.bands])

    def _leavings(self, after: float, until: float) -> int:
        return int((self.left & (self.tenures > after) & (self.tenures <= until)).sum())


@dataclass(frozen=True)
class Curve:
    """The hazard of one contract by tenure, as the scenario states it, and the settled pool it makes."""

    contract: Contract
    age: float

    @property
    def base(self) -> float:
        """Return leavings per customer-month over all tenures: the hazard at factor 1."""
        return float(self.contract.leavings.sum() / self.contract.exposure.sum())

    @property
    def factors(self) -> Floats:
        """Return the hazard of each band over the base, rounded as it is written."""
        return np.round(self.contract.leavings / self.contract.exposure / self.base, 4)

    def survival(self, tenures: Floats) -> Floats:
        """Return the share still there at `tenures` (months); the last band's hazard goes on for ever."""
        starts = np.array([start for start, _ in self.contract.bands])
        hazards = self.base * self.factors
        before = np.concatenate([[0.0], np.cumsum(hazards[:-1] * np.diff(starts))])
        band = np.searchsorted(starts, tenures, side="right") - 1
        return np.asarray(np.exp(-before[band] - hazards[band] * (tenures - starts[band])))

    def area(self, after: float, until: float) -> float:
        """Integrate survival from one tenure to another (months)."""
        return float(trapezoid(self.survival(grid := _grid(after, until)), grid))

    @property
    def annual_churn(self) -> float:
        """Return the share of the settled pool that leaves within 12 months."""
        return 1 - self.area(12, self.age + 12) / self.area(0, self.age)

    @property
    def joins(self) -> float:
        """Return the leavings of the settled pool at month 0, a month: the joins that make up for them."""
        lost = 1 - float(self.survival(np.array([self.age]))[0])
        return self.contract.present * lost / self.area(0, self.age)

    @property
    def mean_tenure(self) -> float:
        """Return the mean tenure of the settled pool (months)."""
        grid = _grid(0, self.age)
        return float(trapezoid(grid * self.survival(grid), grid)) / self.area(0, self.age)

    @property
    def churn_as_seen(self) -> float:
        """Return the share of those present that leaves within 12 months, from the tenures in the data."""
        tenures = self.contract.tenures[~self.contract.left]
        return 1 - float(np.mean(self.survival(tenures + 12) / self.survival(tenures)))

    def pool(self, months: float) -> float:
        """Return the expected pool after so many months of these joins and hazards."""
        rest = self.area(months, self.age + months) / self.area(0, self.age)
        return self.contract.present * rest + self.joins * self.area(0, months)


def _grid(after: float, until: float) -> Floats:
    return np.linspace(after, until, round((until - after) / GRID) + 1)


def read(data: Path) -> list[Contract]:
    """Read the customers, by contract."""
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [_contract(name, [r for r in rows if r["Contract"] == seen]) for seen, name in SEGMENTS.items()]


def _contract(name: str, rows: Sequence[dict[str, str]]) -> Contract:
    return Contract(
        name,
        np.array([float(row["tenure"]) for row in rows]),
        np.array([row["Churn"] == "Yes" for row in rows]),
        np.array([float(row["MonthlyCharges"]) for row in rows]),
    )


def derive(data: Path) -> str:
    """Return the scenario that the data give, as TOML."""
    contracts = read(data)
    age = max(float(contract.tenures.max()) for contract in contracts)
    curves = [Curve(contract, age) for contract in contracts]
    text = "\n".join([_head(curves), *map(_segment, curves), _rest(curves)])
    return "\n".join(map(_aligned, text.split("\n")))


def _aligned(line: str) -> str:
    """Start the comment of a key where those of the others start."""
    key, mark, comment = line.partition("  # ")
    return f"{key:<28}{mark}{comment}" if mark else line


def _head(curves: Sequence[Curve]) -> str:
    rows = sum(len(curve.contract.left) for curve in curves)
    present = sum(curve.contract.present for curve in curves)
    age = curves[0].age
    return HEAD.format(rows=rows, left=rows - present, present=present, age=age, years=age / 12, least=LEAST)


def _segment(curve: Curve) -> str:
    contract = curve.contract
    months, factors = [start for start, _ in contract.bands[1:]], curve.factors
    return SEGMENT.format(
        name=contract.name,
        rows=len(contract.left),
        left=int(contract.left.sum()),
        present=contract.present,
        table=_table(curve),
        price=contract.charges[~contract.left].mean(),
        price_all=contract.charges.mean(),
        churn=curve.annual_churn,
        mean_tenure=curve.mean_tenure,
        seen_tenure=contract.tenures[~contract.left].mean(),
        churn_as_seen=curve.churn_as_seen,
        base=curve.base,
        total=int(contract.exposure.sum()),
        months=", ".join(f"{month:g}" for month in months),
        factors=", ".join(f"{factor:.4f}" for factor in factors),
    )


def _table(curve: Curve) -> str:
    """Return the bands with what was counted in each, as lines of a comment."""
    contract = curve.contract
    rows = [
        ("tenure, months", [f"{a:g}-{b:g}" for a, b in contract.bands]),
        ("leavings", [f"{n:.0f}" for n in contract.leavings]),
        ("customer-months", [f"{n:.0f}" for n in contract.exposure]),
        ("hazard a month", [f"{n:.5f}" for n in contract.leavings / contract.exposure]),
    ]
    return "\n".join(f"#   {label:<16}" + "".join(f"{cell:>9}" for cell in cells) for label, cells in rows)


def _rest(curves: Sequence[Curve]) -> str:
    present = sum(curve.contract.present for curve in curves)
    joins = round(sum(curve.joins for curve in curves), 1)
    spend, ceiling = round(COST_PER_JOIN * joins, -2), round(ROOM * joins)
    return REST.format(
        joins=joins,
        mix=", ".join(f"{curve.contract.name} = {curve.joins:.2f}" for curve in curves),
        present=present,
        end=sum(curve.pool(60) for curve in curves),
        cost=COST_PER_JOIN,
        room=ROOM,
        spend=spend,
        ceiling=ceiling,
        marginal=-spend / (np.log1p(-joins / ceiling) * (ceiling - joins)),
        saved=0.05 * present,
        saved_here=0.05 * curves[0].contract.present,
        here=curves[0].contract.present,
        more=0.05 * spend,
    )


HEAD = """\
# Telco: keep everybody longer, or only those who may leave any month?
#
# A telephone company has {present:,} customers. Some may leave any month, others signed for a year or for
# two. You know no more about them than a file that any company has: who is a customer on which contract, for
# how long, at what price, and who has left. What would five points of retention be worth, and is it enough to
# work on those who may leave any month?
#
# The question: keep everybody longer, or only the month-to-month customers, and how much advertising is
# either worth?
#
# Where the numbers come from. scripts/derive_telco.py derives them from scenarios/data/telco.csv ({rows:,}
# rows, of which {left:,} left; see NOTICE.md there) and writes this file: change the script, not the numbers.
# Each row is read as one life followed from tenure 0: it ended at its tenure if Churn is Yes, else it is
# censored there. What the data do not say is marked "assumption".
#
# What to beware of. The company is fictional. A contract is the last one a customer had, so that the long
# ones look safer than a switch to them would be. The data say how many of those on a contract leave, not what
# makes them stay: an arm says what a gain is worth, not how to get it, and all gains here are free.

title = "Telco: keep everybody longer, or only those who may leave any month?"
currency = "USD"  # assumption: the data name no currency

[run]
months = 60  # months: horizon of the comparison
replications = 30  # independent draws of all luck
seed = 7  # any whole number; the same seed gives the same result
discount_rate = 0.10  # share a year; assumption
closing_value = "expected"  # counts what those present at month 60 will still bring
closing_years = 5.0  # years beyond the horizon that the closing value looks

[pool]
customers = {present}  # customers present at month 0: rows with Churn = No (n = {rows:,})
tenure = "settled"  # the mix of tenures that constant joining leaves
age_years = {years:.1f}  # years: the data end at tenure {age:g} months

# Every segment below has its hazard by tenure from occurrence over exposure: in each band of tenure the
# leavings, divided by the customer-months seen there. A band holds at least {least} leavings; with fewer it
# joins the next one. annual_churn is what these hazards do to a settled pool within 12 months:
#   1 - (integral of S(a + 12)) / (integral of S(a)), a from 0 to {age:g} months, S the survival under them.
# So calibration finds the hazards of the data again. There is no frailty: the steps already hold the shape
# that was observed, whatever caused it. There is no term_months: the data count leavings by tenure, not at
# renewals, so that the steps hold the terms as well.
"""

SEGMENT = """\
[segments.{name}]
# {rows:,} rows, {left:,} left, {present:,} present
{table}
share = {present}  # any scale: customers with Churn = No
price = {price:.2f}  # USD per customer-month: mean MonthlyCharges of the {present:,} present
  # (of all {rows:,}: {price_all:.2f})
gross_margin = 0.60  # share of revenue; assumption
cost_to_serve = 8.0  # USD per customer-month; assumption
annual_churn = {churn:.5f}  # share a year of the settled pool, whose mean tenure is {mean_tenure:.1f} months
  # (those present have {seen_tenure:.1f} on average; at their tenures: {churn_as_seen:.5f})

[segments.{name}.duration]
kind = "steps"  # a factor on the hazard for each band of tenure
# months: tenures at which the hazard changes; after the last one it stays, also beyond the data
months = [{months}]
# factors: hazard of each band (last line of the table) over the hazard of all leavings over all
# customer-months, {left:,} / {total:,} = {base:.5f} a month
factors = [{factors}]
"""

REST = """\
[churn]
preset = "keaveney-1995"  # shares of leavings; the data give no reasons: assumption

[acquisition.advertising]
joins = {joins}  # joins a month: leavings of the settled pool at month 0, the sum of
  # present x (1 - S(A)) / (integral of S from 0 to A), A = age_years. Later
  # the pool ages beyond the data, at the last bands' hazards: {end:,.0f} are
  # expected at month 60
mix = {{ {mix} }}  # the same by segment
spend = {spend:.0f}  # USD per month; assumption: {cost} per join on average
ceiling = {ceiling}  # joins a month, however much is spent; assumption: {room:g} times
  # today's, so that the next join costs {marginal:.0f}

# Retention rises by percentage points, from month 0, free of charge.

[arms.retention]
title = "Five points more retention of everybody"
retention = {{ points = 5 }}  # {saved:.0f} of {present:,} leave less in the first year

[arms.month_to_month]
title = "Five points more retention of those who may leave any month"
retention = {{ points = 5, segments = ["month_to_month"] }}  # {saved_here:.0f} of {here:,} leave less

[arms.advertising]
title = "Five per cent more advertising"
# times: factor on spend, from month 0; {more:.0f} USD per month more
change = [ {{ set = "acquisition.advertising.spend", times = 1.05 }} ]
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scenario, or compare it with what the data say; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=SCENARIOS / "data" / "telco.csv", help="the customers")
    parser.add_argument("--scenario", type=Path, default=SCENARIOS / "telco.toml", help="the scenario")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the scenario differs")
    options = parser.parse_args(arguments)
    derived = derive(options.data)
    if not options.check:
        options.scenario.write_text(derived, encoding="utf-8", newline="\n")
        return 0
    shipped = options.scenario.read_text(encoding="utf-8")
    lines = unified_diff(shipped.splitlines(), derived.splitlines(), "shipped", "derived", lineterm="", n=0)
    for line in lines:
        print(line, file=sys.stderr)
    return int(shipped != derived)


if __name__ == "__main__":
    sys.exit(main())
