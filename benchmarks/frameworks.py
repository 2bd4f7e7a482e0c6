"""Frameworks: the same pool in Mesa, in Starsim and as an event loop compiled by numba, where these are installed.

    pip install mesa starsim numba

Each is written as its own documentation would have it: Mesa with an agent per customer and monthly steps, Starsim with
a module over arrays and monthly steps, numba with a calendar of events in continuous time. None keeps books beyond the
pool, leavings by reason and NPV.
"""

from __future__ import annotations

import heapq
import importlib.util
from functools import cache
from typing import Any

import numpy as np
from rivals import Case, Outcome

NAMES = ("mesa", "starsim", "numba")


def installed() -> list[str]:
    """Return which of them can be imported."""
    return [name for name in NAMES if importlib.util.find_spec(name)]


def play(name: str, case: Case, seed: int) -> Outcome:
    """Play `case` in one of them."""
    return {"mesa": _mesa, "starsim": _starsim, "numba": _numba}[name](case, seed)


def _value(case: Case, months: np.ndarray, money: np.ndarray) -> float:
    """Value money (EUR) at its months, at month 0."""
    return float(money @ (1 + case.discount_rate) ** (-months / 12))


# Mesa: an agent per customer, who is billed and may leave once a month.


@cache
def _mesa_classes() -> Any:
    import mesa

    class Customer(mesa.Agent):
        def __init__(self, model: Any, span: float = 1.0) -> None:
            super().__init__(model)
            case, rng = model.case, model.luck
            self.segment = int(np.searchsorted(model.edges, rng.random()))
            variance = case.frailty_variance
            frailty = rng.gamma(1 / variance, variance) if variance else 1.0
            self.hazard, self.margin = model.hazards[self.segment] * frailty, model.margins[self.segment]
            self.span = span

        def step(self) -> None:
            model, span = self.model, self.span
            waits = model.luck.exponential(1 / self.hazard)
            model.earned += self.margin * min(waits, span)
            self.span = 1.0
            if waits < span:
                reason = int(np.searchsorted(model.reason_edges, model.luck.random()))
                model.left_by_reason[reason] += 1
                self.remove()

    class Firm(mesa.Model):
        def __init__(self, case: Case, seed: int) -> None:
            super().__init__(rng=seed)
            self.case, self.luck = case, np.random.default_rng(seed)
            self.edges, self.reason_edges = np.cumsum(case.shares), np.cumsum(case.reason_shares)
            self.hazards, self.margins = case.monthly_hazards(), case.monthly_margins()
            self.left_by_reason = np.zeros(len(case.reasons), dtype=int)
            self.joined, self.earned = 0, 0.0
            for _ in range(case.customers):
                Customer(self)

        def step(self) -> None:
            self.earned = 0.0
            new = self.luck.poisson(self.case.joins_per_month)
            for _ in range(new):
                Customer(self, span=self.luck.random())
            self.joined += new
            self.earned -= new * self.case.cost_per_join
            self.agents.do("step")

    return Firm


def _mesa(case: Case, seed: int) -> Outcome:
    firm = _mesa_classes()(case, seed)
    pool, money = [case.customers], []
    for _ in range(case.months):
        firm.step()
        pool.append(len(firm.agents))
        money.append(firm.earned)
    left, months = firm.left_by_reason, np.arange(case.months) + 0.5
    return Outcome(np.array(pool), firm.joined, int(left.sum()), left, _value(case, months, np.array(money)))


# Starsim: a module over arrays of people, in steps of a month.


@cache
def _starsim_module() -> Any:
    import starsim as ss

    class Firm(ss.Module):
        def __init__(self, case: Case, seed: int) -> None:
            super().__init__()
            self.case, self.luck = case, np.random.default_rng(seed)
            self.define_states(ss.FloatArr("hazard"), ss.FloatArr("margin"), ss.FloatArr("span", default=1.0))
            self.left_by_reason = np.zeros(len(case.reasons), dtype=int)
            self.joined, self.pool, self.money = 0, [case.customers], []

        def init_post(self) -> None:
            super().init_post()
            self.welcome(self.sim.people.auids)

        def welcome(self, uids: Any) -> None:
            case, n = self.case, len(uids)
            segment = self.luck.choice(len(case.segments), size=n, p=case.shares)
            variance = case.frailty_variance
            frailty = self.luck.gamma(1 / variance, variance, size=n) if variance else 1.0
            self.hazard[uids] = np.array(case.monthly_hazards())[segment] * frailty
            self.margin[uids] = np.array(case.monthly_margins())[segment]

        def step(self) -> None:
            people, case = self.sim.people, self.case
            new = people.grow(int(self.luck.poisson(case.joins_per_month)))
            self.welcome(new)
            self.span[new] = self.luck.random(len(new))
            uids = people.auids
            waits, span = self.luck.exponential(1 / self.hazard[uids]), self.span[uids]
            self.money.append(
                float((self.margin[uids] * np.minimum(waits, span)).sum()) - len(new) * case.cost_per_join
            )
            gone = uids[waits < span]
            reasons = self.luck.choice(len(case.reasons), size=len(gone), p=case.reason_shares)
            self.left_by_reason += np.bincount(reasons, minlength=len(case.reasons))
            people.request_death(gone)
            self.span[uids] = 1.0
            self.joined += len(new)
            self.pool.append(len(uids) - len(gone))

    return Firm


def _starsim(case: Case, seed: int) -> Outcome:
    import starsim as ss

    firm = _starsim_module()(case, seed)
    sim = ss.Sim(
        n_agents=case.customers, modules=firm, start=0, dt=1, dur=case.months - 1, use_aging=False, rand_seed=seed,
        verbose=0, copy_inputs=False,
    )  # fmt: skip
    sim.run()
    left, months = firm.left_by_reason, np.arange(case.months) + 0.5
    return Outcome(np.array(firm.pool), firm.joined, int(left.sum()), left, _value(case, months, np.array(firm.money)))


# numba: a calendar of events, compiled.


@cache
def _numba_loop() -> Any:
    import numba

    @numba.njit
    def draw(edges: Any) -> Any:
        luck = np.random.random()
        for index in range(len(edges)):
            if luck < edges[index]:
                return index
        return len(edges) - 1

    @numba.njit
    def loop(seed: Any, size: Any, people: Any, money: Any) -> Any:
        customers, joins, months = size
        edges, hazards, shares, variance = people
        margins, delta, cost = money
        np.random.seed(seed)
        pool, left = np.zeros(months + 1, np.int64), np.zeros(len(shares), np.int64)
        joined, npv, present = 0, 0.0, 0
        calendar = [(np.random.exponential(1 / joins), -1, 0.0, 0.0)]
        for _ in range(customers):
            calendar.append((0.0, -2, 0.0, 0.0))  # somebody who is here at month 0
        for month in range(months + 1):
            calendar.append((month + 1e-12, -3, 0.0, 0.0))  # count
        heapq.heapify(calendar)
        while calendar:
            now, what, since, margin = heapq.heappop(calendar)
            if now > months + 1e-9:
                break
            if what == -3:
                pool[int(now + 0.5)] = present
                continue
            if what >= 0:
                present -= 1
                left[what] += 1
                npv += margin * (np.exp(-delta * since) - np.exp(-delta * now)) / delta
                continue
            if what == -1:
                joined += 1
                npv -= cost * np.exp(-delta * now)
                heapq.heappush(calendar, (now + np.random.exponential(1 / joins), -1, 0.0, 0.0))
            present += 1
            segment = draw(edges)
            hazard = hazards[segment]
            if variance > 0:
                hazard *= np.random.gamma(1 / variance, variance)
            first, why = np.inf, 0
            for reason in range(len(shares)):
                wait = np.random.exponential(1 / (hazard * shares[reason]))
                if wait < first:
                    first, why = wait, reason
            if now + first < months:
                heapq.heappush(calendar, (now + first, why, now, margins[segment]))
            else:
                npv += margins[segment] * (np.exp(-delta * now) - np.exp(-delta * months)) / delta
        return pool, joined, left, npv

    return loop


def _numba(case: Case, seed: int) -> Outcome:
    size = case.customers, case.joins_per_month, case.months
    edges, hazards, shares = np.cumsum(case.shares), np.array(case.monthly_hazards()), np.array(case.reason_shares)
    money = np.array(case.monthly_margins()), np.log(1 + case.discount_rate) / 12, case.cost_per_join
    pool, joined, left, npv = _numba_loop()(seed, size, (edges, hazards, shares, case.frailty_variance), money)
    return Outcome(pool, int(joined), int(left.sum()), left, float(npv))
