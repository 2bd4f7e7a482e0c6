"""Money: what customers bring and cost, for the exact time each of them is present.

Where an amount per customer-month is the same for all of a cell (segment, origin, cohort), it is the cell's
customer-months that count: a running head count, corrected for the exact time of each entry and exit. Where it
runs with tenure, or is billed in instalments, it is worked out customer by customer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.exposure import Exposure
from retainsim.ledger import Ledger, cohort_width, exact_sum, month_row
from retainsim.pool import Pool
from retainsim.profile import between, over
from retainsim.tariff import Bills, Shapes, Tariff, tariff_of
from retainsim.units import monthly_rate

if TYPE_CHECKING:
    from retainsim.scenario.schema import Parameters
    from retainsim.trace import Trace
    from retainsim.worth import Lines, Worth


class Money:
    """All that flows between customers and firm in one world."""

    def __init__(self, pool: Pool, ledger: Ledger, segments: tuple[str, ...], origins: tuple[str, ...]) -> None:
        self._pool, self._ledger, self._segments, self._origins = pool, ledger, segments, origins
        cohorts = -(-ledger.months // cohort_width(ledger.months)) + 1
        self._cells = (len(segments), len(origins), cohorts)
        self._exposure = Exposure(pool, self._cells)
        self.alive, self.margins = (np.zeros((ledger.months + 1, *self._cells)) for _ in range(2))
        self.customer_months = 0.0
        self.discounted_months = 0.0
        self._charges: dict[str, Floats] = {}
        self._charged_each: list[str] = []
        self.shapes = Shapes()
        self._held: tuple[Parameters, Shapes, bool] | None = None
        self.by_customer = False
        """Work everything out customer by customer, even what need not be; same result."""
        self.is_kept = True
        """Post what flows; False where only heads are counted, as in calibration, which takes a fifth less time so."""
        self.watchers: list[Trace | Worth] = []
        """Who is told what every customer pays and costs, beside the books."""
        for line, kind in (
            ("revenue", "revenue"),
            ("cost_of_sales", "variable"),
            ("cost_to_serve", "variable"),
        ):
            ledger.open(line, kind)
        pool.own("posted", np.float64(0.0))
        pool.own("spends", np.float64(1.0), lasts=True)  # expected a month, of who buys purchase by purchase
        self._bills = Bills(pool)

    def charge(self, line: str, rate: Floats | float) -> None:
        """Charge a cost per customer-month (money), one for all or one per segment, until it is set again."""
        self._charges[line] = np.broadcast_to(np.asarray(rate, dtype=np.float64), self._cells[:1])

    def charge_each(self, line: str, rows: Ints, rates: Floats) -> None:
        """Charge a cost per customer-month (money) to each of these customers, nothing to the others."""
        column = f"charge.{line}"
        if line not in self._charged_each:
            self._charged_each.append(line)
            self._pool.own(column, np.float64(0.0))
        self._pool[column][:] = 0.0
        self._pool[column][rows] = rates

    def agree(self, client: str, discount: float) -> None:
        """Let a named client pay less its new discount from the next hold on."""
        agreed = dict(self.shapes.agreed) | {client: discount}
        self.shapes = replace(self.shapes, agreed=tuple(sorted(agreed.items())))

    def revenue_rate(self, rows: Ints) -> Floats:
        """Return what each customer pays per month at tenure 0, today's prices (money)."""
        segment, origin = self._pool["segment"][rows], self._pool["origin"][rows]
        return self._revenue[segment, origin] * self._buys(rows) * self._prices

    def revenue_now(self, rows: Ints, times: Floats) -> Floats:
        """Return what each customer pays per month at its time (months, one for all or one each), growth included."""
        when = np.broadcast_to(times, rows.shape)
        rates = self._level(self._revenue, rows) * self._buys(rows) * np.exp(self.inflation * when)
        for tariff, mine in self._by_unit(rows):
            rates[mine] *= tariff.revenue_profile.at(when[mine] - self._pool["joined"][rows[mine]])
        return rates

    def margin_rate(self, rows: Ints) -> Floats:
        """Return margin less cost to serve per month of each customer, at tenure 0 and prices of month 0 (money)."""
        segment, origin = self._pool["segment"][rows], self._pool["origin"][rows]
        revenue = self._revenue[segment, origin] * self._buys(rows)
        return revenue * self._gross_margin[segment, origin] - self._serve[segment, origin]

    def sell(self, rows: Ints, times: Floats, amounts: Floats) -> None:
        """Post what customers who buy purchase by purchase spend, at their own times in this span."""
        if not self.is_kept:
            return
        row, none = month_row(float(times.max(initial=0.0))), np.zeros(self._cells)
        paid = amounts * self._pool["size"][rows] * self._level(self._revenue, rows)
        for tariff, mine in self._by_unit(rows):
            paid[mine] *= tariff.revenue_profile.at(times[mine] - self._pool["joined"][rows[mine]])
        rates = self.inflation, self.inflation - self._ledger.discounting
        sold = [paid * np.exp(rate * times) for rate in rates]
        self._post(row, self._by_cell(rows, *sold), [none, none])
        self._tell(rows, times, self._sale(rows, sold))

    def _buys(self, rows: Ints) -> Floats:
        """Return how many units of revenue each customer brings a month: its size, and what it spends."""
        return np.asarray(self._pool["size"][rows] * self._pool["spends"][rows])

    def pay(self, line: str, rows: Ints, times: Floats, amounts: Floats | float) -> None:
        """Post a cost of single customers (money, one for all or one each) at their own times in this span."""
        wide = np.broadcast_to(np.asarray(amounts, dtype=np.float64), rows.shape)
        if wide.any():
            pool = self._pool
            self._ledger.post_all(line, wide, times, pool["segment"][rows].astype(np.int64), pool["origin"][rows])
            if self.watchers:
                self._tell(rows, times, {line: (wide, wide * np.exp(-self._ledger.discounting * times))})

    def flow(
        self, line: str, rate: float, span: tuple[float, float], *, channel: str = "", inflated: bool = False
    ) -> None:
        """Post a cost that runs with time, `rate` money per month over a span (start, end], months."""
        if rate == 0.0:
            return
        growth = self.inflation if inflated else 0.0
        origin = self._origins.index(channel) if channel else -1
        nominal, valued = (rate * float(between(*span, r)) for r in (growth, growth - self._ledger.discounting))
        self._ledger.add_firm(line, month_row(span[1]), nominal, valued, origin=origin)

    def hold(self, now: Parameters, time: float) -> None:
        """Work out the tariffs in force; nothing is done where nothing has changed since the last time."""
        self._prices = (1.0 + now.firm.inflation) ** (time / 12.0)
        if self._held is not None and self._held[0] is now and self._held[1:] == (self.shapes, self.by_customer):
            return
        self._held = now, self.shapes, self.by_customer
        self.inflation = monthly_rate(now.firm.inflation)
        self.tariffs = [[tariff_of(now, s, o, self.shapes) for o in self._origins] for s in self._segments]
        self._flat = np.array([[t.is_flat and not self.by_customer for t in row] for row in self.tariffs])
        self._revenue = np.array([[t.revenue for t in row] for row in self.tariffs])
        self._gross_margin = np.array([[t.gross_margin for t in row] for row in self.tariffs])
        self._serve = np.array([[t.cost_to_serve for t in row] for row in self.tariffs])
        self._lag = np.array([[t.lag for t in row] for row in self.tariffs])
        units = [t.unit for row in self.tariffs for t in row]
        self._units = list(dict.fromkeys(units))
        self._unit_of = np.array([self._units.index(unit) for unit in units])

    def enter(self, rows: Ints, times: Floats) -> None:
        """Start the account of customers who enter a cell at `times` (months)."""
        self._exposure.note(rows, times, 1.0)
        self._pool["posted"][rows] = times
        for tariff, mine in self._by_unit(rows):
            self._bills.start(tariff, rows[mine], times[mine])

    def move_out(self, rows: Ints, times: Floats) -> None:
        """Close the account of customers who move to another tariff at `times`; who pays at the end pays up to then."""
        self.settle_rows(rows, times)
        rates = self.inflation, self.inflation - self._ledger.discounting
        row, none = month_row(float(times.max(initial=0.0))), np.zeros(self._cells)
        for tariff, mine in self._by_unit(rows):
            level = self._level(self._revenue, rows[mine])
            last = [level * paid for paid in self._bills.close(tariff, rows[mine], times[mine], rates)]
            self._post(row, self._by_cell(rows[mine], *last), [none, none])
            self._tell(rows[mine], times[mine], self._sale(rows[mine], last))
        self.leave(rows, times)

    def leave(self, rows: Ints, times: Floats) -> None:
        """Close the account of customers who leave a cell at `times` (months)."""
        self._exposure.note(rows, times, -1.0)

    def settle_rows(self, rows: Ints, until: Floats) -> None:
        """Post what is worked out customer by customer, for each of these customers up to its own time."""
        if not self.is_kept:
            return
        row = month_row(float(until.max(initial=0.0)))
        for tariff, mine in self._by_unit(rows):
            if not tariff.is_flat or self.by_customer or self.watchers:
                self._post_rows(tariff, rows[mine], until[mine], row)
        for line in self._charged_each:
            self._post_each(line, rows, until, row)
        self._pool["posted"][rows] = until

    def settle(self, start: float, end: float) -> None:
        """Post everything of the span (start, end], within one calendar month, to the ledger."""
        if self.is_kept:
            self._post_flat(start, end)
        self.begin()

    def begin(self) -> None:
        """Take those who have come and gone so far as there, or not, from the start of the next span."""
        self._exposure.begin()

    def _post_flat(self, start: float, end: float) -> None:
        row, rate = month_row(end), self._ledger.discounting
        spans = {r: self._exposure.over(start, end, r) for r in {0.0, self.inflation, -rate, self.inflation - rate}}
        self.customer_months += exact_sum(spans[0.0][0].sum(axis=2))
        self.discounted_months += exact_sum(spans[-rate][0].sum(axis=2))
        nominal, valued = spans[self.inflation], spans[self.inflation - rate]
        flat = self._flat[:, :, None]
        revenue = [self._revenue[:, :, None] * flat * sizes for _, sizes in (nominal, valued)]
        serve = [self._serve[:, :, None] * flat * heads for heads, _ in (nominal, valued)]
        self._post(row, revenue, serve)
        self._post_charges(row, spans[0.0][0], spans[-rate][0])

    def settle_present(self, until: float) -> None:
        """Post up to `until` what is worked out customer by customer, for those present."""
        if not self._flat.all() or self._charged_each or self.watchers:
            rows = self._pool.rows()
            self.settle_rows(rows, np.full(len(rows), until))
        self._pool["posted"][:] = until

    def close(self, month: int) -> None:
        """Keep the head count at the end of a month, by segment, origin and cohort."""
        self.begin()
        self.alive[month] = self._exposure.heads

    def charges_per_head(self, rows: Ints, segment: int) -> Floats:
        """Return the programme costs per customer-month of these customers, all of one segment (money)."""
        total = np.full(len(rows), float(sum(self._charges[line][segment] for line in sorted(self._charges))))
        for line in self._charged_each:
            total += self._pool[f"charge.{line}"][rows]
        return total

    def _by_unit(self, rows: Ints) -> Iterator[tuple[Tariff, Ints]]:
        """Yield each way of paying, for one unit of money, with the positions in `rows` it holds for.

        Levels differ from cell to cell and are put on row by row, so that cells alike in all else are done at once.
        """
        if self._flat.all() and not self.watchers:
            return
        which = self._unit_of[self._pool["cell"][rows]]
        for index in np.flatnonzero(np.bincount(which)):
            yield self._units[index], np.flatnonzero(which == index)

    def _level(self, table: Floats, rows: Ints) -> Floats:
        """Return each customer's entry in a table of shape (segments, origins)."""
        return np.asarray(table.ravel()[self._pool["cell"][rows]])

    def _post(self, row: int, revenue: list[Floats], serve: list[Floats]) -> None:
        """Post revenue, cost of sales and cost to serve by cell; nominal amounts first, values second."""
        by_cell = [x.sum(axis=2) for x in revenue]
        sales = [x * (1 - self._gross_margin) for x in by_cell]
        self._ledger.add("revenue", row, by_cell[0], by_cell[1], lag=self._lag)
        self._ledger.add("cost_of_sales", row, *sales)
        self._ledger.add("cost_to_serve", row, *(x.sum(axis=2) for x in serve))
        self.margins[row] += revenue[0] * self._gross_margin[:, :, None] - serve[0]

    def _post_charges(self, row: int, heads: Floats, valued: Floats) -> None:
        for line in sorted(self._charges):
            rate = self._charges[line][:, None]
            if rate.any():
                self._ledger.add(line, row, rate * heads.sum(axis=2), rate * valued.sum(axis=2))

    def _post_each(self, line: str, rows: Ints, until: Floats, row: int) -> None:
        """Post what each of these customers is charged from where it was posted last up to its own time."""
        rates, since = self._pool[f"charge.{line}"][rows], self._pool["posted"][rows]
        spans = (between(since, until, 0.0), between(since, until, -self._ledger.discounting))
        nominal, valued = (each.sum(axis=2) for each in self._by_cell(rows, *(rates * months for months in spans)))
        self._ledger.add(line, row, nominal, valued)

    def _by_cell(self, rows: Ints, *amounts: Floats) -> list[Floats]:
        """Add amounts of each of these customers up by segment, origin and cohort."""
        return self._exposure.by_cell(rows, *amounts)

    def _post_rows(self, tariff: Tariff, rows: Ints, until: Floats, row: int) -> None:
        start, joined = self._pool["posted"][rows], self._pool["joined"][rows]
        rates = self.inflation, self.inflation - self._ledger.discounting
        costs, pays = self._level(self._serve, rows), self._level(self._revenue, rows)
        serve = [costs * over(tariff.cost_profile, joined, start, until, r) for r in rates]
        if tariff.by_purchase:
            revenue = [np.zeros(len(rows)), np.zeros(len(rows))]
        elif tariff.billing:
            revenue = [pays * billed for billed in self._bills.collect(tariff, rows, until, rates)]
        else:
            pays = pays * self._pool["size"][rows]
            revenue = [pays * over(tariff.revenue_profile, joined, start, until, r) for r in rates]
        if not tariff.is_flat or self.by_customer:
            by_cell = self._by_cell(rows, *revenue, *serve)
            self._post(row, by_cell[:2], by_cell[2:])
        if self.watchers:
            lines = self._sale(rows, revenue) | {"cost_to_serve": (serve[0], serve[1])} | self._charged(rows, until)
            for each in self.watchers:
                each.flow(rows, lines)

    def _tell(self, rows: Ints, times: Floats, lines: Lines) -> None:
        for each in self.watchers:
            each.pay(rows, times, lines)

    def _sale(self, rows: Ints, sold: list[Floats]) -> Lines:
        """Return revenue and cost of sales of each customer by line, nominal and valued."""
        cost, late = 1 - self._level(self._gross_margin, rows), self._ledger.discounting * self._level(self._lag, rows)
        return {
            "revenue": (sold[0], sold[1] * np.exp(-late)),
            "cost_of_sales": (sold[0] * cost, sold[1] * cost),
        }

    def _charged(self, rows: Ints, until: Floats) -> Lines:
        """Return what each customer is charged by line, nominal and valued, from where it was posted last."""
        pool, segment = self._pool, self._pool["segment"][rows]
        spans = [between(pool["posted"][rows], until, rate) for rate in (0.0, -self._ledger.discounting)]
        rates = {line: self._charges[line][segment] for line in sorted(self._charges)}
        for line in self._charged_each:
            rates[line] = rates.get(line, 0.0) + pool[f"charge.{line}"][rows]
        return {line: (rate * spans[0], rate * spans[1]) for line, rate in rates.items() if rate.any()}
