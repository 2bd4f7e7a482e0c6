"""Firm: made-up customers with known laws, as tables that a user might have."""

import numpy as np
import pandas as pd

DAYS = 365.25 / 12
END = np.datetime64("2025-12-31")
PLANS = {"basic": (0.05, 20.0), "plus": (0.015, 45.0)}
"""Hazard a month and price of each plan."""


def customers(n=6_000, *, years=5, seed=1, growth=0.0, season=0.0, variance=0.6):
    """Return n customers who joined over `years`, with plan, channel, reason and price, observed to the end of 2025.

    Frailty is gamma with this variance; joins grow by a share a year and swing with the calendar month.
    """
    luck = np.random.default_rng(seed)
    when = luck.uniform(0, 12 * years, 4 * n)
    rate = (1 + growth) ** (when / 12) * (1 + season * np.sin(2 * np.pi * when / 12))
    when = np.sort(when[luck.uniform(0, rate.max(), 4 * n) < rate][:n])
    plan = luck.choice(list(PLANS), len(when), p=[0.6, 0.4])
    base = np.array([PLANS[each][0] for each in plan])
    frailty = luck.gamma(1 / variance, variance, len(when)) if variance else 1.0
    life = luck.exponential(1.0, len(when)) / (base * frailty)
    left = when + life < 12 * years
    start = END - np.timedelta64(round(12 * years * DAYS), "D") + (when * DAYS).astype(int).astype("timedelta64[D]")
    end = start + (life * DAYS).clip(0, 10_000).astype(int).astype("timedelta64[D]")
    left &= end <= END
    price = np.array([PLANS[each][1] for each in plan]) * luck.lognormal(0, 0.2, len(when))
    return pd.DataFrame({
        "customer_id": [f"c{i}" for i in range(len(when))],
        "signup_date": start.astype(str),
        "cancel_date": np.where(left, end.astype(str), ""),
        "plan": plan,
        "channel": luck.choice(["ads", "partner", "friends"], len(when), p=[0.5, 0.3, 0.2]),
        "reason": np.where(left, luck.choice(["price", "product", "moved"], len(when), p=[0.5, 0.3, 0.2]), ""),
        "monthly_price": price.round(2),
    })  # fmt: skip


BUYING = {"r": 0.8, "alpha": 2.0, "a": 0.8, "b": 2.5}


def orders(n=2_500, *, months=36, seed=3):
    """Return what n customers bought over so many months, by the BG/NBD of `BUYING`, and whether each is still active."""
    luck, rows = np.random.default_rng(seed), []
    for customer in range(n):
        time, rate = luck.uniform(0, months), luck.gamma(BUYING["r"], 1 / BUYING["alpha"])
        chance, mean, is_first = luck.beta(BUYING["a"], BUYING["b"]), 50 / luck.gamma(4, 1 / 3), True
        bought = []
        while time < months:
            bought.append((f"k{customer}", time, round(mean * luck.gamma(5, 1 / 5), 2)))
            if not is_first and luck.uniform() < chance:
                break
            is_first, time = False, time + luck.exponential(1 / rate)
        rows += [(*each, time >= months) for each in bought]
    frame = pd.DataFrame(rows, columns=["customer_id", "time", "amount", "active"])
    day = END - ((months - frame.pop("time")) * DAYS).astype(int).to_numpy().astype("timedelta64[D]")
    return frame.assign(order_date=day.astype(str))
