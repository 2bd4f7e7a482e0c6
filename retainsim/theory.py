"""Theory: closed forms the simulation is checked against; the engine never imports it.

Rates and times may be in any unit of time as long as they share it, unless a name says months. A hazard is a
rate, a retention or a churn a probability per period. Sources are sections and cases of LITERATURE.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

Floats = npt.NDArray[np.float64]
Survival = Callable[[float], float]
LEWIS_SLOPE = 2.09  # log hazard per unit of discount depth: 35 % off halves the value (Lewis 2006, section 13)


# What a customer is worth: the conventions of section 0. Margins and values share one currency.


def clv_end_of_period(margin: float, retention: float, *, discount: float, growth: float = 0.0) -> float:
    """Return m r / (1 + i - r (1 + g)): a margin per period, paid at its end if retained (convention A).

    Infinite where margins outgrow the discount and the churn together.
    """
    decline = 1 + discount - retention * (1 + growth)
    return margin * retention / decline if decline > 0 else math.inf


def clv_annuity_due(margin: float, retention: float, *, discount: float) -> float:
    """Return m (1 + i) / (1 + i - r): the first margin is certain and paid on joining (convention B)."""
    return margin * (1 + discount) / (1 + discount - retention)


def clv_before_renewal(margin: float, retention: float, *, discount: float) -> float:
    """Return m r (1 + i) / (1 + i - r): seen just before the next renewal (convention C)."""
    return margin * retention * (1 + discount) / (1 + discount - retention)


def clv_continuous(margin: float, hazard: float, *, discount: float) -> float:
    """Return m / (lambda + ln(1 + i)): a flow of margin a year, hazard and discount a year (convention E)."""
    return margin / (hazard + math.log1p(discount))


def clv_average_life(margin: float, churn: float, *, discount: float, joining_cost: float = 0.0) -> float:
    """Return the annuity m (1 - v^n) / i over n = 1 / c years, less the joining cost (convention D)."""
    return margin * -math.expm1(-math.log1p(discount) / churn) / discount - joining_cost


def profile_value_fixed_life(profit: Sequence[float], tail: float, *, years: int, discount: float) -> float:
    """Return the value of `profit` in years 0, 1, ... and `tail` a year after, `years` included (V3).

    Year 0, of joining, does not count as a year of life: a churn of 20 % makes `years` 5 and six payments.
    """
    paid = np.array([*profit, *[tail] * (years + 1 - len(profit))][: years + 1])
    return float(paid @ (1 + discount) ** -np.arange(years + 1.0))


def profile_value_geometric_life(profit: Sequence[float], tail: float, *, retention: float, discount: float) -> float:
    """Return the sum over t >= 0 of profit_t (r v)^t: year 0 is certain, year t is reached with r^t (V3)."""
    step = retention / (1 + discount)
    head = np.asarray(profit) @ step ** np.arange(len(profit))
    return float(head + tail * step ** len(profit) / (1 - step))


def clv_retained_at(margin: float, spend: float, *, retention: float, discount: float) -> float:
    """Return (M (1 + d) - R) / (1 + d - r): margin M on joining, `spend` R to retain with r (section 3)."""
    return (margin * (1 + discount) - spend) / (1 + discount - retention)


# How long customers stay.


def cumulative_hazard(months: npt.ArrayLike, monthly_hazard: float, *, power: float = 1.0) -> Floats:
    """Return H(t) = 12 b (t / 12)^c: tenure t in months, b per customer-month, power c (DESIGN section 4)."""
    return 12 * monthly_hazard * (np.asarray(months, dtype=float) / 12) ** power


def cumulative_hazard_steps(
    months: npt.ArrayLike, monthly_hazard: float, *, knots: Sequence[float], factors: Sequence[float]
) -> Floats:
    """Cumulative hazard of a hazard with a factor before, between and after `knots` (months)."""
    edges = np.array([0.0, *knots, np.inf])
    widths = np.clip(np.asarray(months, dtype=float)[..., None], edges[:-1], edges[1:]) - edges[:-1]
    return monthly_hazard * np.asarray(widths @ np.array(factors))


def survival_exponential(months: npt.ArrayLike, monthly_hazard: float) -> Floats:
    """Return exp(-b t), the share still there after `months`."""
    return survival_weibull(months, monthly_hazard, power=1.0)


def survival_weibull(months: npt.ArrayLike, monthly_hazard: float, *, power: float) -> Floats:
    """Return exp(-12 b (t / 12)^c): the power leaves first-year survival where it was."""
    return cast("Floats", np.exp(-cumulative_hazard(months, monthly_hazard, power=power)))


def survival_gamma_frailty(hazard: npt.ArrayLike, variance: float) -> Floats:
    """Return (1 + v H)^(-1 / v): H the cumulative `hazard` at frailty 1, gamma frailty of `variance` v."""
    hazard = np.asarray(hazard, dtype=float)
    return cast("Floats", np.exp(-(np.log1p(variance * hazard) / variance if variance > 0 else hazard)))


def survival_sbg(renewals: npt.ArrayLike, *, a: float, b: float) -> Floats:
    """Return B(a, b + t) / B(a, b): theta ~ Beta(a, b) lost at each renewal (Fader & Hardie 2007)."""
    return survival_bdw(renewals, a=a, b=b, power=1.0)


def survival_bdw(renewals: npt.ArrayLike, *, a: float, b: float, power: float) -> Floats:
    """Return B(a, b + t^c) / B(a, b), the beta-discrete-Weibull; t, in contract terms, may be fractional."""
    times = np.asarray(renewals, dtype=float)
    return cast("Floats", np.exp(special.betaln(a, b + times**power) - special.betaln(a, b)))


def retention_sbg(renewal: npt.ArrayLike, *, a: float, b: float) -> Floats:
    """Return (b + t - 1) / (a + b + t - 1): the share of those before renewal t = 1, 2, ... who stay."""
    before = np.asarray(renewal, dtype=float) - 1
    return (b + before) / (a + b + before)


def del_sbg(*, a: float, b: float, discount: float) -> float:
    """Return the discounted expected lifetime in payments, the first on joining (Fader & Hardie 2010).

    nan, here and in `derl_sbg`, where a + b plus renewals passed exceeds 170: the 2F1 of scipy overflows.
    """
    return float(special.hyp2f1(1, b, a + b, 1 / (1 + discount)))


def derl_sbg(renewal: int, *, a: float, b: float, discount: float) -> float:
    """Return the discounted expected residual lifetime in payments, seen just before renewal n = 1, 2, ..."""
    rest = special.hyp2f1(1, b + renewal, a + b + renewal, 1 / (1 + discount))
    return float(retention_sbg(renewal, a=a, b=b) * rest)


def retention_settled(survival: Survival, age_months: float = 120.0, *, span_months: float = 12.0) -> float:
    """Return the share of a settled pool still there after `span_months` (DESIGN section 4, no contracts).

    After `age_months` of constant joining, tenure a has density proportional to S(a); S(a + span) remain.
    `survival` is the mixture over frailty, by tenure in months: that is what drawing both jointly means.
    """

    def present(shift: float) -> float:
        area, _ = integrate.quad(lambda tenure: float(survival(tenure + shift)), 0, age_months, epsrel=1e-10, limit=400)
        return float(area)

    return present(span_months) / present(0.0)


# Why customers leave: competing risks with constant hazards (section 6).


def cumulative_incidence(hazards: npt.ArrayLike, time: float) -> Floats:
    """Return the share gone for each reason by `time`, (l_k / l)(1 - e^(-l t)); shape (reasons,)."""
    rates = np.asarray(hazards, dtype=float)
    return cast("Floats", rates / rates.sum() * -np.expm1(-rates.sum() * time))


def one_minus_kaplan_meier(hazards: npt.ArrayLike, time: float) -> Floats:
    """Return 1 - e^(-l_k t), which overstates each reason by censoring the others: (reasons,)."""
    return cast("Floats", -np.expm1(-np.asarray(hazards, dtype=float) * time))


def mean_life_gain_if_closed(share: float, *, part: float = 1.0) -> float:
    """Return 1 / (1 - p): the factor on mean life when a reason of `share` p loses `part` of its hazard."""
    return 1 / (1 - share * part)


# The pool as a whole. Joins are per unit of time, hazards per customer and unit of time (V11, section 11).


def pool_mean(joins: float, mean_life: float) -> float:
    """Return the stationary pool of Poisson joins, whatever the law of lifetimes (M/G/infinity)."""
    return joins * mean_life


def pool_from_empty(joins: float, survival: Survival, *, time: float) -> float:
    """Return the mean pool a `time` after opening with nobody, joins x integral of S (M/G/infinity)."""
    area, _ = integrate.quad(lambda age: float(survival(age)), 0, time, epsrel=1e-10, limit=400)
    return joins * float(area)


def referral_pool_mean(joins: float, hazard: float, *, referral: float = 0.0) -> float:
    """Return A / (mu - rho), the stationary immigration-birth-death mean; infinite where rho >= mu."""
    return joins / (hazard - referral) if referral < hazard else math.inf


def referral_pool_variance(joins: float, hazard: float, *, referral: float = 0.0) -> float:
    """Return A mu / (mu - rho)^2, of a negative binomial pool; Poisson without referrals."""
    return joins * hazard / (hazard - referral) ** 2 if referral < hazard else math.inf


def referral_pool_transient(
    joins: float, hazard: float, *, time: float, referral: float = 0.0, start: float = 0.0
) -> float:
    """Return the mean pool at `time` from `start` customers, N* + (N0 - N*) e^(-(mu - rho) t)."""
    net = hazard - referral
    grown = -math.expm1(-net * time) / net if net else time
    return start * math.exp(-net * time) + joins * grown


def breach_pool(pool: float, share: float, *, hazard: float, time: float) -> float:
    """Return N* (1 - s e^(-mu t)), the mean pool a `time` after a `share` s left at once."""
    return pool * (1 - share * math.exp(-hazard * time))


def breach_lost_time(pool: float, share: float, *, hazard: float) -> float:
    """Return s N* / mu, the customer-years (or months) a breach costs until the pool has refilled."""
    return share * pool / hazard


def double_jeopardy(customers: npt.ArrayLike, switches: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return each brand's churn and its customers a period later (B1).

    `customers` has shape (brands,); `switches`, shape (brands, brands), counts who goes from row to column.
    """
    before, flow = np.asarray(customers, dtype=float), np.asarray(switches, dtype=float)
    lost = flow.sum(axis=1)
    return lost / before, before - lost + flow.sum(axis=0)


def equivalent_extra_joins(churn: float, gain: float, *, continuous: bool) -> float:
    """Return the relative rise in joins worth the same stationary pool as `gain` in retention (section 13).

    `churn` and `gain` are yearly probabilities. Not continuous: one renewal a year, g / (c - g).
    """
    if continuous:
        return math.log1p(-churn) / math.log1p(-churn + gain) - 1
    return gain / (churn - gain)


# What spending buys (sections 3 and 13). Spend and its returns share one currency.


def saturating_response(spend: npt.ArrayLike, ceiling: float, *, k: float) -> Floats:
    """Return a(A) = CR (1 - e^(-k A)), the response to spend A under `ceiling` CR (Blattberg & Deighton)."""
    return -ceiling * np.expm1(-k * np.asarray(spend, dtype=float))


def saturation_constant(spend: float, response: float, *, ceiling: float) -> float:
    """Return k = -ln(1 - a / CR) / A from today's `spend` A, its `response` a and the `ceiling` CR."""
    return -math.log1p(-response / ceiling) / spend


def marginal_cost(spend: float, ceiling: float, *, k: float) -> float:
    """Return 1 / a'(A) = e^(k A) / (k CR): what the next joiner costs at `spend` A."""
    return math.exp(k * spend) / (k * ceiling)


def optimal_spend(clv: float, ceiling: float, *, k: float) -> float:
    """Return A* = ln(k CR CLV) / k, where the next joiner costs what it is worth; never below 0."""
    return max(0.0, math.log(k * ceiling * clv) / k)


def hill_response(spend: npt.ArrayLike, ceiling: float, *, half: float, power: float) -> Floats:
    """Return a x^b / (h^b + x^b): half the `ceiling` at spend `half`, S-shaped where `power` exceeds 1."""
    raised = np.asarray(spend, dtype=float) ** power
    return cast("Floats", ceiling * raised / (half**power + raised))


def lewis_hazard_factor(depth: float, *, slope: float = LEWIS_SLOPE) -> float:
    """Return exp(slope x depth), the factor on the hazard of those won at a discount of `depth`, 0 to 1."""
    return math.exp(slope * depth)


# A desk with a queue (V8): Poisson contacts, exponential service and patience, first come first served.


class Queue(NamedTuple):
    """The steady state of a desk.

    `abandon` is the share of contacts that give up, `wait` the mean wait of all of them in the rates' unit of
    time, `length` the mean number waiting, `utilisation` the busy share of the agents' time and `delayed`
    the share of contacts that wait at all.
    """

    abandon: float
    wait: float
    length: float
    utilisation: float
    delayed: float


def erlang_a_states(arrivals: float, service: float, *, patience: float, agents: int) -> Floats:
    """Return the probabilities of 0, 1, 2, ... contacts at the desk; `patience` must be above 0.

    Cut after 60 states of which each has less than half its predecessor's probability.
    """
    tail = 60 + math.ceil(max(0.0, (2 * arrivals - agents * service) / patience))
    present = np.arange(1.0, agents + tail + 1)
    drain = np.minimum(present, agents) * service + np.maximum(present - agents, 0) * patience
    return np.asarray(special.softmax(np.append(0.0, np.cumsum(np.log(arrivals / drain)))))


def erlang_a(arrivals: float, service: float, *, patience: float, agents: int) -> Queue:
    """Return the Erlang-A (M/M/n+M) desk; `patience` is the rate at which one who waits gives up."""
    states = erlang_a_states(arrivals, service, patience=patience, agents=agents)
    length = float(np.maximum(np.arange(len(states)) - agents, 0) @ states)
    abandon = patience * length / arrivals
    busy = arrivals * (1 - abandon) / (agents * service)
    return Queue(abandon, length / arrivals, length, busy, float(states[agents:].sum()))


def erlang_c(arrivals: float, service: float, *, agents: int) -> Queue:
    """Return the Erlang-C (M/M/n) desk, where nobody gives up: infinite waits once work fills the agents."""
    offered = arrivals / service
    if offered >= agents:
        return Queue(0.0, math.inf, math.inf, 1.0, 1.0)
    blocked = 1.0
    for agent in range(1, agents + 1):
        blocked = offered * blocked / (agent + offered * blocked)
    delayed = blocked / (1 - offered / agents * (1 - blocked))
    wait = delayed / (agents * service - arrivals)
    return Queue(0.0, wait, arrivals * wait, offered / agents, delayed)


# How far chance may carry an observation.


def binomial_se(p: float, n: float) -> float:
    """Return the standard error of a share `p` observed in `n` independent customers."""
    return math.sqrt(p * (1 - p) / n)


def within(observed: float, expected: float, se: float, z: float = 4.0) -> bool:
    """Return whether `observed` lies within `z` standard errors of `expected`, on either side."""
    return bool(abs(observed - expected) <= z * se)
