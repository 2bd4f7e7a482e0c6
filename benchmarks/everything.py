"""Everything: one replication of scenarios/everything.toml with every mechanism on, and the share each of them takes.

    python benchmarks/everything.py

The pool is scaled to 10,000 customers over 60 months, with joins, agents and managers in proportion. The bar is 3 s on
one core. A mechanism's time is what is spent in its own code and in what it asks the kernel to do at once; leavings and
money that follow later are the kernel's.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from retainsim import mechanisms, scenario
from retainsim.calibration import calibrate
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters
from retainsim.world import Setup

FILE = Path(__file__).resolve().parents[1] / "scenarios" / "everything.toml"
CUSTOMERS, MONTHS, TIMES = 10_000, 60, 5
IN_PROPORTION = ("mechanisms.service_desk.agents", "mechanisms.account_managers.managers", "mechanisms.market.size",
                 "mechanisms.follow_up.capacity_per_month")  # fmt: skip


def scaled(customers: int = CUSTOMERS) -> Parameters:
    """Return the scenario with a larger pool over 60 months, what serves it in proportion."""
    plain = scenario.load(FILE)
    times = customers / plain.parameters.pool.customers
    settings: dict[str, Any] = {"pool.customers": customers, "run.months": MONTHS}
    for name, channel in plain.parameters.acquisition.items():
        settings[f"acquisition.{name}.joins"] = channel.joins * times
        if channel.spend is not None:
            settings |= {f"acquisition.{name}.spend": channel.spend * times}
        if channel.ceiling is not None:
            settings |= {f"acquisition.{name}.ceiling": channel.ceiling * times}
    for path in IN_PROPORTION:
        _, table, key = path.split(".")
        value = getattr(getattr(plain.parameters.mechanisms, table), key, None)
        if value is not None:
            settings[path] = round(value * times) if isinstance(value, int) else value * times
    return plain.replace(settings).parameters


class Stopwatch:
    """Adds up the time spent in each mechanism, what it calls of other mechanisms left out."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []

    def wrap(self, name: str, method: Any) -> Any:
        """Return a method that is timed."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0.0)
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                spent = time.perf_counter() - start
                others = self._inside.pop()
                self.seconds[name] = self.seconds.get(name, 0.0) + spent - others
                if self._inside:
                    self._inside[-1] += spent

        return timed


def watched(watch: Stopwatch, name: str) -> type:
    """Return the class of a mechanism with every method timed."""
    kind = mechanisms.module(name).Mechanism
    own = {k: v for k, v in vars(kind).items() if callable(v) and not isinstance(v, staticmethod | classmethod | type)}
    return type("Watched", (kind,), {k: watch.wrap(name, v) for k, v in own.items()})


def main() -> None:
    """Time a replication and print the shares."""
    today = scaled()
    setup = Setup(today, Arm(), Timeline(today, Arm()), calibrate(today).bases)
    replicate(setup, Luck(0, 0))
    seconds = []
    for replication in range(1, TIMES + 1):
        start = time.perf_counter()
        outcome = replicate(setup, Luck(0, replication))
        seconds.append(time.perf_counter() - start)
    median = sorted(seconds)[TIMES // 2]
    pool = f"{outcome.pool[0].sum():,} customers at month 0, {outcome.pool[-1].sum():,} at month {MONTHS}"
    print(f"everything.toml, {pool}: {median:.2f} s a replication (bar: 3 s)")
    watch = Stopwatch()
    for name in (*mechanisms.ALWAYS_ON, *today.on):
        mechanisms.module(name).Mechanism = watched(watch, name)
    start = time.perf_counter()
    replicate(setup, Luck(0, 1))
    whole = time.perf_counter() - start
    shares = sorted(watch.seconds.items(), key=lambda pair: -pair[1])
    print(f"{'mechanism':24}{'ms':>8}{'share':>8}")
    for name, spent in shares:
        print(f"{name:24}{1000 * spent:8.0f}{spent / whole:8.1%}")
    rest = whole - sum(watch.seconds.values())
    print(f"{'kernel outside them':24}{1000 * rest:8.0f}{rest / whole:8.1%}")


if __name__ == "__main__":
    main()
