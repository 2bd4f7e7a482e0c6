"""Book: whose customers are whose, whom a manager visits first, and how attention fades: arithmetic without state."""

from __future__ import annotations

import numpy as np

from retainsim.draws import Floats, Ints, Luck, Names


def seats(luck: Luck, purpose: str, names: Names, count: int) -> Ints:
    """Choose one of `count` seats for each name, all alike; -1 where there are none.

    By jump consistent hashing (Lamping & Veach 2014), in about ln(count) turns: one seat more takes an even share of
    every book and moves nobody else.
    """
    found, ahead, turn = np.full(len(names), -1), np.zeros(len(names), dtype=np.int64), 0
    while (moving := ahead < count).any():
        found = np.where(moving, ahead, found)
        far = np.minimum((found + 1) / luck.uniform(purpose, names, turn), 1e15)  # beyond any count
        ahead, turn = np.where(moving, far.astype(np.int64), ahead), turn + 1
    return found


def last_visits(draw: Floats, book: Ints, *, per_month: float, step: float) -> Floats:
    """Return when each customer was visited last (months, at most 0), at reviews every `step`, one after the other.

    A manager goes round its book in its size / `per_month` months; who is in no book (-1) never was.
    """
    sizes = np.bincount(book[book >= 0], minlength=1)
    return np.where(book < 0, -1e9, -step * np.floor(draw * sizes[book] / per_month / step))


def mean_attention(visited: Floats, start: float, end: float, half_life: float) -> Floats:
    """Return the mean attention over the months from `start` (or the visit, if later) to `end`: exact for hazards."""
    first, rate = np.maximum(visited, start), np.log(2.0) / half_life
    months = np.maximum(rate * (end - first), 1e-12)
    return np.asarray(np.exp(rate * (visited - first)) * -np.expm1(-months) / months)


def first_in_book(book: Ints, order: tuple[Floats, ...], count: int) -> Ints:
    """Return the positions of the first `count` of every book; the last of `order` counts most, the least first."""
    ranked = np.lexsort((*order, book))
    place = np.arange(len(book)) - np.searchsorted(book[ranked], book[ranked])
    return np.asarray(ranked[place < count])


def strain_for(burnt: float, half_life: float, *, time: float, months: float, step: float) -> float:
    """Return the strain at `time` that burns `burnt` within `months`, held from one stop to the next as strain is.

    Stops are months' ends and reviews every `step`; so what is burnt does not depend on how far they lie apart.
    """
    end = time + months
    stops = [every * np.arange(np.floor(time / every), np.ceil(end / every) + 1) for every in (1.0, step)]
    edges = np.unique(np.clip(np.concatenate(stops), time, end))
    return float(burnt / (np.diff(edges) @ 0.5 ** ((edges[:-1] - time) / half_life)))
