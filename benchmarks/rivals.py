"""Rivals: the two models others would write of the same pool, plainly, to measure retainsim against.

Both know segments with gamma frailty (mean 1) and constant hazards, five competing reasons, Poisson joins, an
opening pool that is all new (so its frailty is untilted), margin while a customer is present and a cost per
join. Neither knows mechanisms, arms or contracts. They share no code with retainsim or with each other.
"""

import argparse
import math
import time
from dataclasses import dataclass

import numpy as np
import simpy


@dataclass(frozen=True)
class Case:
    """What both rivals are given. Tuples run over `segments`, but `reason_shares`, over `reasons`."""

    customers: int  # present at month 0, all new
    joins_per_month: float
    months: int
    segments: tuple[str, ...]
    reasons: tuple[str, ...]
    reason_shares: tuple[float, ...]  # of the hazard, summing to 1
    price: tuple[float, ...]  # EUR per customer-month
    gross_margin: tuple[float, ...]
    cost_to_serve: tuple[float, ...]  # EUR per customer-month
    annual_churn: tuple[float, ...]  # raw: the monthly base hazard is -ln(1 - churn) / 12
    frailty_variance: float
    shares: tuple[float, ...]  # of segments, in the opening pool and among joiners
    discount_rate: float  # a year
    cost_per_join: float  # EUR

    def monthly_hazards(self):
        return [-math.log(1 - churn) / 12 for churn in self.annual_churn]

    def monthly_margins(self):
        money = zip(self.price, self.gross_margin, self.cost_to_serve, strict=True)
        return [price * margin - cost for price, margin, cost in money]


@dataclass(frozen=True)
class Outcome:
    """What both rivals find."""

    pool: np.ndarray  # customers at months 0, 1, ..., months: shape (months + 1,)
    joined: int
    left: int
    left_by_reason: np.ndarray  # shape (reasons,)
    npv: float  # EUR, to the horizon


def case_s():
    return Case(
        customers=2_000,
        joins_per_month=100,
        months=60,
        segments=("large", "medium", "small"),
        reasons=("competition", "indifference", "product", "relationship", "unexplained"),
        reason_shares=(0.10, 0.68, 0.14, 0.05, 0.03),
        price=(240.0, 90.0, 40.0),
        gross_margin=(0.65, 0.70, 0.75),
        cost_to_serve=(45.0, 20.0, 10.0),
        annual_churn=(0.12, 0.20, 0.30),
        frailty_variance=0.5,
        shares=(0.1, 0.3, 0.6),
        discount_rate=0.10,
        cost_per_join=350.0,
    )


def case_m():
    small = case_s()
    return Case(**{**vars(small), "customers": 20_000, "joins_per_month": 1_000})


# The naive SimPy model: one process per customer, who is billed every month.


@dataclass(eq=False)
class Customer:
    segment: int
    frailty: float
    paid: float = 0.0
    reason: int | None = None


class Firm:
    def __init__(self, env, case, rng):
        self.env, self.case, self.rng = env, case, rng
        self.hazards, self.margins = case.monthly_hazards(), case.monthly_margins()
        self.delta = math.log(1 + case.discount_rate) / 12
        self.customers = set()
        self.pool = []
        self.joined = 0
        self.left_by_reason = [0] * len(case.reasons)
        self.npv = 0.0

    def new_customer(self):
        segment = int(self.rng.choice(len(self.case.segments), p=self.case.shares))
        variance = self.case.frailty_variance
        frailty = self.rng.gamma(1 / variance, variance) if variance else 1.0
        self.env.process(self.life(Customer(segment, frailty)))

    def life(self, customer):
        """Stay, paying month by month for the time present, until the first reason to leave strikes."""
        env = self.env
        self.customers.add(customer)
        hazard = self.hazards[customer.segment] * customer.frailty
        strikes = [env.now + self.rng.exponential(1 / (hazard * share)) for share in self.case.reason_shares]
        leaves = min(strikes)
        end = min(leaves, self.case.months)
        while env.now < end:
            present = min(1.0, end - env.now)
            yield env.timeout(present)
            margin = self.margins[customer.segment] * present
            customer.paid += margin
            self.npv += margin * math.exp(-self.delta * (env.now - present / 2))
        if leaves <= self.case.months:
            customer.reason = strikes.index(leaves)
            self.left_by_reason[customer.reason] += 1
            self.customers.remove(customer)

    def acquisition(self):
        while True:
            yield self.env.timeout(self.rng.exponential(1 / self.case.joins_per_month))
            if self.env.now >= self.case.months:
                return
            self.joined += 1
            self.npv -= self.case.cost_per_join * math.exp(-self.delta * self.env.now)
            self.new_customer()

    def count(self):
        while True:
            self.pool.append(len(self.customers))
            yield self.env.timeout(1)


def naive_simpy(case, seed):
    """Play `case` with one SimPy process per customer."""
    env = simpy.Environment()
    firm = Firm(env, case, np.random.default_rng(seed))
    for _ in range(case.customers):
        firm.new_customer()
    env.process(firm.acquisition())
    env.process(firm.count())
    env.run(until=case.months + 1e-6)
    left = np.array(firm.left_by_reason)
    return Outcome(np.array(firm.pool), firm.joined, int(left.sum()), left, firm.npv)


# The month loop of a good numpy programmer.


def numpy_month_loop(case, seed):
    """Play `case` month by month with arrays: who is there leaves with probability 1 - exp(-hazard)."""
    rng = np.random.default_rng(seed)
    segments, reasons, months = len(case.segments), len(case.reasons), case.months
    base = np.array(case.monthly_hazards())
    variance = case.frailty_variance

    def newcomers(n):
        segment = rng.choice(segments, size=n, p=case.shares).astype(np.int8)
        hazard = base[segment]
        if variance:
            hazard *= rng.gamma(1 / variance, variance, size=n)
        return segment, hazard

    segment, hazard = newcomers(case.customers)
    leaving = -np.expm1(-hazard)  # hazards never change here, so neither do their probabilities
    pool = np.empty(months + 1, dtype=int)
    pool[0] = case.customers
    present = np.zeros((months, segments))  # customer-months
    joined = np.zeros(months, dtype=int)
    left_by_reason = np.zeros(reasons, dtype=int)

    for month in range(months):
        present[month] = np.bincount(segment, minlength=segments)
        leaves = rng.random(len(leaving)) < leaving
        # Joiners come evenly over the month, and are at risk and pay for what is left of it.
        joined[month] = n = rng.poisson(case.joins_per_month)
        new_segment, new_hazard = newcomers(n)
        part = rng.random(n)
        new_leaves = rng.random(n) < -np.expm1(-new_hazard * part)
        present[month] += np.bincount(new_segment, weights=part, minlength=segments)
        # Leavers are gone for half of the time, on average.
        present[month] -= np.bincount(segment[leaves], minlength=segments) / 2
        present[month] -= np.bincount(new_segment[new_leaves], weights=part[new_leaves], minlength=segments) / 2

        left = np.count_nonzero(leaves) + np.count_nonzero(new_leaves)
        reason = rng.choice(reasons, size=left, p=case.reason_shares)
        left_by_reason += np.bincount(reason, minlength=reasons)
        segment = np.concatenate([segment[~leaves], new_segment[~new_leaves]])
        leaving = np.concatenate([leaving[~leaves], -np.expm1(-new_hazard[~new_leaves])])
        pool[month + 1] = len(leaving)

    revenue = present * np.array(case.price)
    cost = revenue * (1 - np.array(case.gross_margin)) + present * np.array(case.cost_to_serve)
    margin = (revenue - cost).sum(axis=1) - joined * case.cost_per_join
    discount = (1 + case.discount_rate) ** (-(np.arange(months) + 0.5) / 12)
    left = int(left_by_reason.sum())
    return Outcome(pool, int(joined.sum()), left, left_by_reason, float(margin @ discount))


def numpy_open_loop(case, seed):
    """Play `case` as `numpy_month_loop` does, but with what a comparison of arms needs left open.

    Hazards stay apart by reason and are put together anew every month, so that a lever may change them; leavings
    are kept by month, segment and reason, and money by month and segment.
    """
    rng = np.random.default_rng(seed)
    segments, reasons, months = len(case.segments), len(case.reasons), case.months
    base = np.array(case.monthly_hazards())[:, None] * np.array(case.reason_shares)
    variance = case.frailty_variance

    def newcomers(n):
        segment = rng.choice(segments, size=n, p=case.shares)
        frailty = rng.gamma(1 / variance, variance, size=n) if variance else np.ones(n)
        return segment, frailty

    def leavings(segment, frailty, lever, span):
        hazard = (base * lever)[segment] * frailty[:, None]
        gone = rng.random(len(segment)) < -np.expm1(-hazard.sum(axis=1) * span)
        edges = np.cumsum(hazard[gone], axis=1)
        reason = (rng.random(len(edges))[:, None] * edges[:, -1:] > edges).sum(axis=1)
        return gone, np.bincount(segment[gone] * reasons + reason, minlength=segments * reasons)

    segment, frailty = newcomers(case.customers)
    pool = np.empty(months + 1, dtype=int)
    pool[0] = case.customers
    present = np.zeros((months, segments))
    joined = np.zeros((months, segments), dtype=int)
    left = np.zeros((months, segments, reasons), dtype=int)
    for month in range(months):
        lever = np.ones(reasons)
        present[month] = np.bincount(segment, minlength=segments)
        gone, counts = leavings(segment, frailty, lever, 1.0)
        n = rng.poisson(case.joins_per_month)
        new_segment, new_frailty = newcomers(n)
        joined[month] = np.bincount(new_segment, minlength=segments)
        part = rng.random(n)
        new_gone, new_counts = leavings(new_segment, new_frailty, lever, part)
        left[month] = (counts + new_counts).reshape(segments, reasons)
        present[month] += np.bincount(new_segment, weights=part, minlength=segments)
        present[month] -= np.bincount(segment[gone], minlength=segments) / 2
        present[month] -= np.bincount(new_segment[new_gone], part[new_gone], minlength=segments) / 2
        segment = np.concatenate([segment[~gone], new_segment[~new_gone]])
        frailty = np.concatenate([frailty[~gone], new_frailty[~new_gone]])
        pool[month + 1] = len(segment)

    revenue = present * np.array(case.price)
    cost = revenue * (1 - np.array(case.gross_margin)) + present * np.array(case.cost_to_serve)
    margin = (revenue - cost).sum(axis=1) - joined.sum(axis=1) * case.cost_per_join
    discount = (1 + case.discount_rate) ** (-(np.arange(months) + 0.5) / 12)
    by_reason = left.sum(axis=(0, 1))
    return Outcome(pool, int(joined.sum()), int(by_reason.sum()), by_reason, float(margin @ discount))


def main():
    parser = argparse.ArgumentParser(description="Time the rivals on case S or M.")
    parser.add_argument("case", choices=["s", "m"], nargs="?", default="s")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    case = {"s": case_s, "m": case_m}[arguments.case]()
    for rival in (numpy_month_loop, naive_simpy):
        start = time.perf_counter()
        outcome = rival(case, arguments.seed)
        seconds = time.perf_counter() - start
        print(f"{rival.__name__}: {seconds:.3f} s, pool {outcome.pool[-1]:,}, NPV {outcome.npv:,.0f} EUR")


if __name__ == "__main__":
    main()
