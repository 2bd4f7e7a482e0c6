"""A reference: the same firm, the plain way, one SimPy process per customer, for the engine to agree with.

Slow and short on purpose: no arrays, no keyed luck, no calibration (hazards are taken raw). The pool is all
new at time 0. Times are in months and continuous, money in EUR. It can agree with the engine in distribution.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import simpy

EXISTING = "existing"  # the channel of those of month 0


@dataclass(frozen=True)
class Segment:
    share: float  # of the opening pool
    monthly_hazard: float  # b, over all reasons, of a customer of frailty 1: H(t) = 12 b (t / 12)^c
    variance: float = 0.0  # of the gamma frailty, mean 1
    power: float = 1.0  # c
    term_months: float | None = None  # a contract: notice takes effect at the next multiple of it
    margin: float = 1.0  # EUR per customer-month, flowing while present
    joiner_share: float | None = None  # among joiners; the share of the opening pool if not given


@dataclass(frozen=True)
class Event:
    """From `at` on, the hazard of `reason` in `segment` (None: in all of them) is multiplied by `factor`."""

    at: float
    reason: str
    segment: str | None
    factor: float


@dataclass(frozen=True)
class Business:
    customers: int
    months: int
    segments: dict[str, Segment]
    reasons: dict[str, float]  # shares of the hazard, summing to 1
    joins: dict[str, float] = field(default_factory=dict)  # a month, by channel
    discount_rate: float = 0.10  # a year
    event: Event | None = None
    arm_factor: float = 1.0  # on all hazards,
    arm_from_month: float = 0.0  # from here on


@dataclass
class Outcome:
    pool: list[int]  # at months 0, 1, ..., months
    joined: dict[str, int]  # by channel, without those of month 0
    left: dict[str, int]  # by reason
    person_months: dict[str, float]  # by segment
    discounted_margin: float  # EUR, at month 0
    customers: list["Customer"]


@dataclass
class Customer:
    channel: str
    segment: str
    joined: float
    frailty: float
    fuses: dict[str, float]  # by reason: what is left of its Exp(1) allowance
    left: float = math.inf
    reason: str | None = None


class Firm:
    """The world all customer processes share: hazards as they are now, and an event for when they change."""

    def __init__(self, env, business, rng):
        self.env, self.business, self.rng = env, business, rng
        self.factors = {(s, r): 1.0 for s in business.segments for r in business.reasons}
        self.changed = env.event()
        self.customers = []

    def hazard(self, customer, reason):
        """Return what a month of tenure measured by `operational` burns of the fuse of `reason`."""
        segment = self.business.segments[customer.segment]
        base = segment.monthly_hazard * self.business.reasons[reason]
        return base * customer.frailty * self.factors[customer.segment, reason]

    def multiply(self, keys, factor):
        for key in keys:
            self.factors[key] *= factor
        self.changed.succeed()
        self.changed = self.env.event()

    def admit(self, channel, shares):
        names = list(shares)
        name = names[self.rng.choice(len(names), p=list(shares.values()))]
        v = self.business.segments[name].variance
        frailty = self.rng.gamma(1 / v, v) if v > 0 else 1.0
        fuses = {reason: self.rng.exponential() for reason in self.business.reasons}
        customer = Customer(channel, name, self.env.now, frailty, fuses)
        self.customers.append(customer)
        self.env.process(life(self, customer))


def operational(tenure, power):
    """Return L(tenure) = 12 (tenure / 12)^c, the integral of duration, in months."""
    return 12 * (tenure / 12) ** power


def tenure_of(operational_months, power):
    return 12 * (operational_months / 12) ** (1 / power)


def life(firm, customer):
    """Burn all fuses until one is through; start over with what is left of them when hazards change."""
    env, segment = firm.env, firm.business.segments[customer.segment]
    while True:
        start = operational(env.now - customer.joined, segment.power)
        hazards = {reason: firm.hazard(customer, reason) for reason in customer.fuses}
        burnt_out = {
            reason: start + fuse / hazards[reason] if hazards[reason] > 0 else math.inf
            for reason, fuse in customer.fuses.items()
        }
        reason = min(burnt_out, key=burnt_out.get)
        notice = customer.joined + tenure_of(burnt_out[reason], segment.power)
        if notice == math.inf:
            yield firm.changed
        else:
            timer = env.timeout(max(0.0, notice - env.now))
            if timer in (yield timer | firm.changed):
                break
        burnt = operational(env.now - customer.joined, segment.power) - start
        for each in customer.fuses:
            customer.fuses[each] -= hazards[each] * burnt
    customer.reason, customer.left = reason, notice
    if segment.term_months:  # stays until the renewal, come what may, so nothing is left to wait for
        renewals = math.ceil((notice - customer.joined) / segment.term_months)
        customer.left = customer.joined + renewals * segment.term_months


def joining(firm, channel, rate):
    segments = firm.business.segments
    shares = {
        name: segment.share if segment.joiner_share is None else segment.joiner_share
        for name, segment in segments.items()
    }
    while True:
        yield firm.env.timeout(firm.rng.exponential(1 / rate))
        firm.admit(channel, shares)


def change(firm, at, keys, factor):
    yield firm.env.timeout(at)
    firm.multiply(keys, factor)


def play(business, seed):
    """Play `business` once to its horizon."""
    env = simpy.Environment()
    firm = Firm(env, business, np.random.default_rng(seed))
    for _ in range(business.customers):
        firm.admit(EXISTING, {name: segment.share for name, segment in business.segments.items()})
    for channel, rate in business.joins.items():
        if rate > 0:
            env.process(joining(firm, channel, rate))
    if business.event is not None:
        event = business.event
        hit = business.segments if event.segment is None else [event.segment]
        env.process(change(firm, event.at, [(segment, event.reason) for segment in hit], event.factor))
    if business.arm_factor != 1:
        env.process(change(firm, business.arm_from_month, list(firm.factors), business.arm_factor))
    env.run(until=business.months)
    return count(business, firm.customers)


def count(business, customers):
    """Take stock; who leaves at a whole month, or at the horizon, is gone by then."""
    horizon, delta = business.months, math.log(1 + business.discount_rate) / 12
    joined, left = dict.fromkeys(business.joins, 0), dict.fromkeys(business.reasons, 0)
    pool, present, value = [0] * (horizon + 1), dict.fromkeys(business.segments, 0.0), 0.0
    for customer in customers:
        end = min(customer.left, horizon)
        for month in range(math.ceil(customer.joined), horizon + 1):
            pool[month] += customer.left > month
        if customer.channel != EXISTING:
            joined[customer.channel] += 1
        if customer.left <= horizon:
            left[customer.reason] += 1
        stay = end - customer.joined
        present[customer.segment] += stay
        annuity = -math.expm1(-delta * stay) / delta if delta else stay
        value += business.segments[customer.segment].margin * math.exp(-delta * customer.joined) * annuity
    return Outcome(pool, joined, left, present, value, customers)
