"""Footprint: how much memory a run takes at its peak, estimated before it starts, and how much there is."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from retainsim.errors import UsageError
from retainsim.ledger import cohort_width
from retainsim.scenario import Scenario

PROGRAM = 170e6
"""Bytes that a process takes before it plays. These are measured as peak resident memory, and hold within a fifth."""
CUSTOMER, PER_REASON, PER_MECHANISM = 600.0, 100.0, 100.0
"""Bytes per customer in play: of itself, of each fuse, and of what each mechanism keeps of it."""
LINES = 12
"""Ledger lines that every scenario has, about; each mechanism brings one more."""
TABLED = 2.0
"""An outcome and its rows of the tables take so many times the outcome."""
LIFE = 300.0
"""Bytes per life that is kept, replication and arm."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that a run takes at its peak, by what drives them, in words."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        """Return all of it."""
        return sum(self.parts.values())

    def check(self, room: float | None) -> None:
        """Find it to fit into so many bytes; None where that is not known.

        Raises
        ------
        UsageError
            If it does not.
        """
        if room is None or self.total <= room:
            return
        largest = sorted(self.parts.items(), key=lambda part: -part[1])
        listed = ", ".join(f"{_gigabytes(size)} for {words}" for words, size in largest if size > 0.02 * self.total)
        raise UsageError(
            f"this takes about {_gigabytes(self.total)} of memory, and there are {_gigabytes(room)}: {listed}; "
            "take less of it, or go on all the same with --ignore-memory"
        )


def footprint(scenario: Scenario, processes: int, *, outcomes: bool = True, lives: bool = False) -> Footprint:
    """Estimate what a run takes that plays in so many processes (0: all elsewhere) and keeps outcomes, or lives too."""
    today, arms, many = scenario.parameters, len(scenario.arms), scenario.parameters.run.replications
    processes = min(processes, many)
    ever = today.pool.customers + sum(channel.joins for channel in today.acquisition.values()) * today.run.months
    each = CUSTOMER + PER_REASON * len(today.reasons) + PER_MECHANISM * len(today.on)
    at_once = "at a time" if processes < 2 else f"in each of {processes} processes"
    parts = {
        "the program itself": PROGRAM * max(1, processes),
        f"{ever:,.0f} customers {at_once}": ever * each * processes,
        f"{many:,} replications x {arms} arms over {today.run.months:,} months": outcomes
        * many
        * arms
        * _outcome(scenario),
        f"the lives of {ever:,.0f} customers in {many:,} replications x {arms} arms": lives * LIFE * ever * many * arms,
    }
    return Footprint({words: size for words, size in parts.items() if size})


def _outcome(scenario: Scenario) -> float:
    """Return the bytes that the outcome of one arm in one replication takes, its rows of the tables included."""
    today = scenario.parameters
    months, segments, origins = today.run.months + 1, len(today.everyone), len(today.origins)
    cohorts = today.run.months / cohort_width(today.run.months) + 1
    lines = (LINES + len(today.on)) * (segments + 1) * (origins + 1)
    return TABLED * 8.0 * months * (segments * origins * (2 * cohorts + len(today.reasons)) + lines)


def room() -> float | None:
    """Return the bytes of memory that this process may have: the machine's, or its container's; None if not known."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES"))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(float(Path(limit).read_text(encoding="ascii")))
    return min(found, default=None)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size < 1e11 else f"{size / 1e9:,.0f} GB"
