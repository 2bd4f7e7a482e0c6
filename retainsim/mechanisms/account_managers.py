"""Account managers: each looks after so many customers; attention fades, and when one leaves some clients follow.

Attention is 1 when a manager visits a customer, or as it joins, and halves every `attention_half_life`; the hazard is
1 + (unattended_factor - 1) (1 - attention) times that of full attention. Whose book a customer is in is its own luck:
books differ in size, and another manager takes over a share of each. A departure strains the book so that
-ln(1 - book_at_risk) handover / bonds is burnt in 12 months; it halves every `follow_half_life`, and then is over.
At month 0 all are in post, and last visits are spread over the time a manager needs to go round its book.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retainsim import mechanism
from retainsim.draws import key, name
from retainsim.mechanism import Word, setting
from retainsim.workings.book import first_in_book, last_visits, mean_attention, seats, strain_for
from retainsim.workings.chances import chances
from retainsim.workings.post import Posts

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How many there are, whom they visit, what attention does, and what happens when one leaves."""

    managers: int = setting(..., "managers", "seats there are", ge=0, le=10_000)
    segments: list[Word] | None = setting(None, "segments", "whom they look after; default: everybody")
    capacity: float = setting(37.0, "accounts per manager", "a full book (Totango)", gt=0, le=100_000)
    visit_every_months: float = setting(1.0, "months", "time to go round a full book (assumption)", gt=0, le=120)
    order: Literal["key_accounts_first", "worst_first", "round_robin"] = setting(
        "round_robin", "", "who is visited first"
    )
    attention_half_life: float = setting(1.5, "months", "time in which attention halves (assumption)", gt=0, le=600)
    reason: Word = setting("indifference", "", "the reason that attention works on")
    unattended_factor: float = setting(1.5, "factor", "hazard without any attention (assumption)", ge=0, le=100)
    departure_per_year: float = setting(0.20, "departures a year", "of each manager (Forbes via AMA)", ge=0, le=4)
    book_at_risk: float = setting(0.154, "share", "of a book, lost in 12 months (Shi et al. 2017)", ge=0, lt=1)
    follow_half_life: float = setting(3.0, "months", "time in which that strain halves (assumption)", gt=0, le=600)
    handover: float = setting(1.0, "factor", "of the risk; 0.6 with an overlap (Shi et al. 2017)", ge=0, le=1)
    bonds: float = setting(1.0, "people", "known in the firm; they divide the risk (assumption)", ge=1, le=100)
    follow_reason: Word = setting("follows_manager", "", "the reason of who follows")
    hire_months: float = setting(3.0, "months", "time until another is in post (assumption)", ge=0, le=120)
    salary: float = setting(0.0, "money per month", "for each manager in post", ge=0)
    incentive: float = setting(0.0, "share of salary", "on top, times yearly retention in the last step", ge=0, le=10)

    def feeds(self) -> tuple[str, ...]:
        """Return what attention works on, and the reason of who follows."""
        return self.reason, self.follow_reason

    def factors(self, attention: Floats) -> Floats:
        """Return what the hazard is multiplied by at so much attention, in [0, 1]."""
        return 1.0 + (self.unattended_factor - 1.0) * (1.0 - attention)

    def calm(self) -> Settings:
        """Return the settings with no manager leaving."""
        return self.model_copy(update={"departure_per_year": 0.0})


class Departure(mechanism.Event):
    """Managers leave at once."""

    kind: Literal["manager_leaves"]
    seat: int | None = setting(None, "seat", "whose, counted from 0; default: luck chooses", ge=0)
    count: int = setting(1, "managers", "how many leave where luck chooses", ge=1)


EVENTS = (Departure,)


class Mechanism(mechanism.Mechanism):
    """Visits books, lets managers leave, and puts a factor and a strain on their customers."""

    lines = {"account_managers": "variable"}
    touches = ("orphaned", "visit")

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where attention works on nobody."""
        return bool(today.mechanisms.account_managers.unattended_factor == 1.0)

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where attention, for which customers of a book compete, works on them."""
        return bool(today.mechanisms.account_managers.unattended_factor != 1.0)

    def attach(self, world: World) -> None:
        """Open the line, own the columns, announce factor and strain, and put departures of the arm on the calendar."""
        now = world.now.mechanisms.account_managers
        world.ledger.open("account_managers", "variable")
        world.pool.own(_SEAT, np.int64(-1))
        for column in ("visited", "attention", "risk", "orphaned"):
            world.pool.own(f"account_managers.{column}", np.float64(0.0))
        world.churn.multiply_each("account_managers", [now.reason])
        self._strain = world.churn.add_strain(_FOLLOW, now.follow_reason, now.follow_half_life)
        self._posts, self._retention, self._counted = Posts(), 0.0, (0.0, 0)
        self._left: list[tuple[Ints, float]] = []  # seats left in the span, and when
        for event in world.events(Departure):
            world.env.process(self._as_planned(world, event))

    def welcome(self, world: World, rows: Ints) -> None:
        """Put customers into books; who joins has full attention at that moment."""
        pool, now = world.pool, world.now.mechanisms.account_managers
        pool[_SEAT][rows] = seats(world.luck, _SEAT, pool["name"][rows], now.managers)
        pool["account_managers.visited"][rows] = pool["joined"][rows] if world.time else _last_round(world, rows)
        attention = _attention(world, rows, (0.0, world.time) if world.time else world.window)
        pool["account_managers.attention"][rows] = attention
        world.churn.give_each("account_managers", rows, now.factors(attention))

    def hold(self, world: World) -> None:
        """Fill new seats, and set what attention does until the next stop."""
        rows, now = world.pool.rows(), world.now.mechanisms.account_managers
        if self._posts.count != now.managers:
            self._fill(world, rows, now.managers)
        world.churn.set_half_life(self._strain, now.follow_half_life)
        world.churn.set_each("account_managers", rows, now.factors(_attention(world, rows, world.window)), world.time)

    def review(self, world: World) -> None:
        """Look at retention, and let every manager in post visit as many customers as it has time for."""
        pool, now, rows = world.pool, world.now.mechanisms.account_managers, world.pool.rows()
        self._look_back(world, rows)
        so_far = np.array([world.time - world.today.run.step, world.time]) * now.capacity / now.visit_every_months
        visits = int(np.diff(np.floor(so_far + 1e-9))[0])  # a visit begun in one step is made in the next
        rows = rows[self._posts.taken(world.time)[_book(world, rows)]]
        met = rows[first_in_book(_book(world, rows), _order(world, rows), visits)]
        pool["account_managers.visited"][met] = world.time
        pool["account_managers.attention"][met] = _attention(world, met, world.window)
        world.touch("visit", met, np.full(len(met), world.time))

    def serve(self, world: World, start: float, end: float) -> None:
        """Strain the books of those who left in the span, from its end on, as touches do."""
        pool, now = world.pool, world.now.mechanisms.account_managers
        burnt = -math.log1p(-now.book_at_risk) * now.handover / now.bonds
        strain = strain_for(burnt, now.follow_half_life, time=end, months=12.0, step=world.today.run.step)
        for leaving, time in self._left:
            rows = np.flatnonzero(pool["present"] & (pool["joined"] <= time) & (pool["leaves"] > time))
            rows = rows[np.isin(_book(world, rows), leaving)]
            world.touch("orphaned", rows, np.full(len(rows), time))
            rows = rows[pool["leaves"][rows] > end]
            world.churn.build(self._strain, rows, np.full(len(rows), strain), end)
            pool["account_managers.orphaned"][rows] = end
        self._left.clear()

    def settle(self, world: World, start: float, end: float) -> None:
        """Pay who is in post, let attention fade, and see who is worst, before anybody acts at a review."""
        pool, now, rows = world.pool, world.now.mechanisms.account_managers, world.pool.rows()
        pay = now.salary * (1.0 + now.incentive * self._retention)
        world.money.flow("account_managers", pay * self._posts.served(start, end) / (end - start), (start, end))
        pool["account_managers.attention"][rows] = _attention(world, rows, world.window)
        over = (pool["account_managers.orphaned"][rows] <= end - 12.0) & (pool[f"strain.{_FOLLOW}"][rows] > 0.0)
        world.churn.ease(self._strain, rows[over], 1.0, end)
        if now.order == "worst_first":
            rates = world.churn.rates(rows, without="account_managers").sum(axis=0)
            pool["account_managers.risk"][rows] = rates + world.churn.strain_on(rows)

    def _fill(self, world: World, rows: Ints, managers: int) -> None:
        """Share customers out anew, and let chance have new managers leave."""
        new = self._posts.resize(managers)
        world.pool[_SEAT][rows] = seats(world.luck, _SEAT, world.pool["name"][rows], managers)
        leave = partial(self._by_chance, world)
        world.env.process(chances(world, "account_managers", "departure_per_year", leave, most=4.0, owners=new))
        self._look_back(world, rows)

    def _by_chance(self, world: World, seat: int, _: int) -> None:
        if self._posts.taken(world.time)[min(seat, self._posts.count)]:
            self._leave(world, np.array([seat]))

    def _look_back(self, world: World, rows: Ints) -> None:
        """Measure which share of all books has stayed since the last time, as if for a year, and count them anew."""
        (since, count), rows = self._counted, rows[_book(world, rows) >= 0]
        if count and world.time > since:
            stayed = float((world.pool["joined"][rows] <= since).sum()) / count
            self._retention = min(stayed, 1.0) ** (12.0 / (world.time - since))
        self._counted = world.time, len(rows)

    def _as_planned(self, world: World, event: Departure) -> Generator[Any, Any, None]:
        yield world.env.timeout(event.at_month)
        seat = np.flatnonzero(self._posts.taken(world.time))
        draw = world.luck.uniform("account_managers.leaver", name(key("account_managers"), seat), round(event.at_month))
        chosen = seat[np.argsort(draw)][: event.count]
        self._leave(world, chosen if event.seat is None else seat[seat == event.seat])

    def _leave(self, world: World, leaving: Ints) -> None:
        """Empty the seats of managers in post; the end of the span tells their books.

        To settle everybody whenever one leaves took a fifth of benchmarks/everything.py, which loses 37 of them.
        """
        until = world.time + world.now.mechanisms.account_managers.hire_months
        self._posts.leave(leaving, world.time, start=world.settled, until=until)
        self._left.append((leaving, world.time))
        if world.settled == world.time:  # at an end of a span, as at month 0
            self.serve(world, world.time, world.time)
            world.hold()


_SEAT, _FOLLOW = "account_managers.seat", "account_managers.follow"


def _is_covered(world: World, rows: Ints) -> np.ndarray:
    """Tell whom managers are meant to look after; named clients as others of their segment, unless they say not."""
    listed = world.now.mechanisms.account_managers.segments
    clients = [world.today.account(segment) for segment in world.segments]
    own = [getattr(client, "segment", name) for client, name in zip(clients, world.segments, strict=True)]
    is_visited = np.array([getattr(client, "visited", True) for client in clients])
    return (is_visited & (np.isin(own, listed) if listed is not None else True))[world.pool["segment"][rows]]


def _book(world: World, rows: Ints) -> Ints:
    """Return whose book each customer is in, -1 for nobody's."""
    return np.where(_is_covered(world, rows), world.pool[_SEAT][rows], -1)


def _attention(world: World, rows: Ints, span: tuple[float, float]) -> Floats:
    """Return the mean attention over a span; 1 where no manager is meant to give any."""
    half_life = world.now.mechanisms.account_managers.attention_half_life
    seen = mean_attention(world.pool["account_managers.visited"][rows], *span, half_life)
    return np.where(_is_covered(world, rows), seen, 1.0)


def _last_round(world: World, rows: Ints) -> Floats:
    """Return when the opening pool was visited last, as the file has it."""
    today, names = world.today.mechanisms.account_managers, world.pool["name"][rows]
    book = np.where(_is_covered(world, rows), seats(world.luck, _SEAT, names, today.managers), -1)
    draw, per_month = world.luck.uniform("account_managers.visited", names), today.capacity / today.visit_every_months
    return last_visits(draw, book, per_month=per_month, step=world.today.run.step)


def _order(world: World, rows: Ints) -> tuple[Floats, ...]:
    """Return what decides who is visited first, the least; what counts most is last."""
    pool, order = world.pool, world.now.mechanisms.account_managers.order
    tie = world.luck.uniform("account_managers.tie", pool["name"][rows], round(1000 * world.time))
    waits = tie, pool["account_managers.visited"][rows]
    if order == "worst_first":
        return *waits, -pool["account_managers.risk"][rows]
    if order == "key_accounts_first" and world.today.mechanisms.key_accounts:
        return *waits, ~pool["key_accounts.is_key"][rows]
    return waits
