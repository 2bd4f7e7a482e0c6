"""Win back: some who left are asked again and come back.

Whom the firm reaches, and who accepts, is each customer's own luck, spell by spell. Who comes back keeps its name, its
segment and origin and what belongs to the person (frailty, size); its tenure starts anew and it has fuses of its own.
The shares are assumptions. Named clients are not asked: their terms are negotiated one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.acquisition import Joiners
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.pool import Column
    from retainsim.world import World


class Settings(mechanism.Settings):
    """Who is asked, when, and with what success."""

    after_months: float = setting(
        3.0,
        "months",
        "time from leaving to being asked (assumption), at the earliest the next settlement",
        ge=0,
        le=600,
    )
    reach: float = setting(0.5, "share", "of those who left, who can be reached (assumption)", ge=0, le=1)
    accept: float = setting(0.1, "share", "of those reached, who come back at once (assumption)", ge=0, le=1)
    cost: float = setting(0.0, "money per customer reached", "paid whether they come back or not", ge=0)
    hazard_factor: float = setting(1.0, "factor", "hazard of those who came back (assumption: 1)", ge=0, le=10)
    reasons: list[Word] | None = setting(
        None,
        "reasons",
        "who left for these is asked; default: all but released (the firm let them go) and lapsed (nobody saw them go)",
    )


class Mechanism(mechanism.Mechanism):
    """Keeps who left until the firm asks, and lets those who accept come back."""

    lines = {"win_back": "variable"}

    def attach(self, world: World) -> None:
        """Open the line and announce the factor of those who came back."""
        world.ledger.open("win_back", "variable")
        world.churn.multiply_each("win_back", world.churn.reasons)
        self._away: dict[str, Column] = {}

    def welcome(self, world: World, rows: Ints) -> None:
        """Give those who come back their factor."""
        back = rows[world.pool["spell"][rows] > 1]
        factor = world.now.mechanisms.win_back.hazard_factor
        world.churn.give_each("win_back", back, np.full(len(back), factor))

    def hold(self, world: World) -> None:
        """Set the factor of those who came back."""
        back = np.flatnonzero(world.pool["present"] & (world.pool["spell"] > 1))
        factor = world.now.mechanisms.win_back.hazard_factor
        world.churn.set_each("win_back", back, np.full(len(back), factor), world.time)

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Note who leaves for a reason that one can be won back from, with all that belongs to the person."""
        asked = self._is_asked(world, rows)
        pool, rows = world.pool, rows[asked]
        gone = pool.lasting(rows) | {key: pool[key][rows].copy() for key in ("name", "segment", "origin", "spell")}
        gone["left"] = times[asked]
        self._away = {key: np.concatenate([self._away.get(key, new[:0]), new]) for key, new in gone.items()}

    def arrive(self, world: World, start: float, end: float) -> None:
        """Ask those whose time has come, pay for it, and let those who accept come back."""
        if not self._away:
            return
        now = world.now.mechanisms.win_back
        due = np.maximum(self._away["left"] + now.after_months, np.nextafter(start, end))
        names, spells = self._away["name"], self._away["spell"].astype(np.int64)
        asked = np.flatnonzero(due <= end)
        asked = asked[world.luck.uniform("win_back.reach", names[asked], spells[asked]) < now.reach]
        asked = asked[np.lexsort((names[asked], due[asked]))]
        if len(asked):
            self._pay(world, asked, due[asked], now.cost)
            accepts = world.luck.uniform("win_back.accept", names[asked], spells[asked]) < now.accept
            world.admit(self._returners(world, asked[accepts], due[asked[accepts]]))
        self._away = {key: column[due > end] for key, column in self._away.items()}

    def _is_asked(self, world: World, rows: Ints) -> NDArray[np.bool_]:
        """True for who left for one of the reasons and is no named client."""
        chosen = world.now.mechanisms.win_back.reasons
        works = [r in chosen if chosen is not None else r not in _NEVER for r in world.churn.reasons]
        ours = len(world.segments) - world.bases.clients
        return np.array(works)[world.pool["reason"][rows]] & (world.pool["segment"][rows] < ours)

    def _pay(self, world: World, asked: Ints, times: Floats, cost: float) -> None:
        segments, origins = (self._away[key][asked].astype(np.int64) for key in ("segment", "origin"))
        world.ledger.post_all("win_back", np.full(len(asked), cost), times, segments, origins)

    def _returners(self, world: World, back: Ints, times: Floats) -> Joiners:
        gone = {key: column[back] for key, column in self._away.items()}
        return Joiners(
            gone["name"],
            times,
            gone["origin"].astype(np.int64),
            gone["segment"].astype(np.int64),
            spells=gone["spell"] + 1,
            traits={trait: gone[trait] for trait in world.pool.lasting(back[:0])},
        )


_NEVER = ("released", "lapsed")
