"""Information: what it would be worth to know what is not known, before deciding.

All estimators take draws of the inputs and what each option came to under them. Luck that is still in those values is
averaged out by regression on the inputs (Strong, Oakley & Brennan 2014): without it, luck would pass for ignorance.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from retainsim.draws import Floats

_FEW = 12
"""Different values of an input up to which each is a case of its own."""
_SHAPES = ((1, 1), (2, 1), (2, 2), (3, 2))
"""Surfaces tried: the highest power of one input, and of a product of two."""
_NOTHING = 1e-12
"""A share of the values that is what rounding left."""
_PER_TERM = 4
"""Draws there must be for every term of a surface."""


def evpi(values: Floats) -> float:
    """Return the expected value of perfect information: the mean of the best option less the best mean option.

    Parameters
    ----------
    values
        Shape (draws, options): what each option is expected to come to under each draw, luck averaged out.
    """
    found = float(values.max(axis=1).mean() - values.mean(axis=0).max())
    return found if found > _NOTHING * float(np.abs(values).max()) else 0.0


def partial_evpi(inputs: Floats, values: Floats) -> float:
    """Return the expected value of perfect information on one input, or several at once.

    Parameters
    ----------
    inputs
        Shape (draws,) or (draws, inputs).
    values
        Shape (draws, options): what each option came to, the other inputs and luck as they happened to be.
    """
    return evpi(expected(inputs, values))


def probability_best(values: Floats) -> tuple[int, float]:
    """Return the option with the best mean, and the share of draws under which it is the best one.

    Where several are best, it counts as one of them.
    """
    best = int(values.mean(axis=0).argmax())
    return best, float((values[:, best] >= values.max(axis=1)).mean())


def expected(inputs: Floats, values: Floats) -> Floats:
    """Return what is expected of values, shape (draws, options), given the inputs: the mean over all else.

    The mean of each case, where an input has few different values; else the surface (polynomial in the standardised
    inputs) that predicts best what it has not seen, by leaving one draw out at a time.
    """
    columns = inputs.reshape(len(inputs), -1)
    cases, places = np.unique(columns, axis=0, return_inverse=True)
    if len(cases) <= _FEW:
        sums = np.zeros((len(cases), values.shape[1]))
        np.add.at(sums, places.ravel(), values)
        return np.asarray((sums / np.bincount(places.ravel())[:, None])[places.ravel()])
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([_smoothed(scaled, option) for option in values.T])


def _smoothed(scaled: Floats, option: Floats) -> Floats:
    """Return the values of one option on the surface that predicts best."""
    best, error = np.full(len(option), option.mean()), float(option.var()) * (len(option) / (len(option) - 1)) ** 2
    for power, product in _SHAPES:
        terms = _terms(scaled, power, product)
        if _PER_TERM * terms.shape[1] > len(option):
            continue
        basis, _ = np.linalg.qr(terms)
        fitted = basis @ (basis.T @ option)
        left = 1.0 - (basis**2).sum(axis=1)
        mine = float((((option - fitted) / np.maximum(left, 1e-9)) ** 2).mean())
        if mine < error:
            best, error = fitted, mine
    return best


def _terms(scaled: Floats, power: int, product: int) -> Floats:
    """Return the terms of a surface, shape (draws, terms): powers of each input, and products of two of them."""
    count = scaled.shape[1]
    singles = [scaled[:, [i]] ** np.arange(1, power + 1) for i in range(count)]
    pairs = [(i, j) for i, j in combinations_with_replacement(range(count), 2) if i < j and product > 1]
    products = [scaled[:, [i]] * scaled[:, [j]] for i, j in pairs]
    return np.hstack([np.ones((len(scaled), 1)), *singles, *products])
