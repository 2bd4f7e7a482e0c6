"""Draws: luck that belongs to a customer, a purpose and an occasion, whatever row or order it is asked in.

Every (customer, purpose) has a SplitMix64 generator of its own (Steele, Lea & Flood 2014), seeded by the
customer's name and a key made of seed, replication and purpose; the occasion says which of its outputs is meant.
SplitMix64 is counter-based, so nothing is consumed: asking twice, in another order or in another arm gives the
same luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Names: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_U64 = np.uint64
GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_MIX_1, _MIX_2 = _U64(0xBF58476D1CE4E5B9), _U64(0x94D049BB133111EB)
_SHIFTS = _U64(30), _U64(27), _U64(31)
_TO_UNIT = 2.0**-52


def mix(words: Names) -> Names:
    """Scramble 64-bit words, any shape, by the finaliser of SplitMix64; the argument is left as it was."""
    z = words ^ (words >> _SHIFTS[0])
    z *= _MIX_1
    z ^= z >> _SHIFTS[1]
    z *= _MIX_2
    z ^= z >> _SHIFTS[2]
    return z


@lru_cache(maxsize=4096)
def key(*parts: str | int) -> int:
    """Hash words and whole numbers into one 64-bit key (BLAKE2b), the same on every machine."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def name(start: int, *numbers: Ints | int) -> Names:
    """Name things by a key and whole numbers (arrays broadcast): equal numbers, equal name."""
    words = np.full(1, start, dtype=_U64)
    for number in numbers:
        counted = np.atleast_1d(np.asarray(number, dtype=np.int64)).astype(_U64) + _U64(1)
        words = mix(words + counted * _U64(GOLDEN))
    return words


class Luck:
    """All the luck of one replication.

    Parameters
    ----------
    seed
        Whole number of the run; 0 is a seed like any other.
    replication
        Index of the replication, from 0.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = seed, replication
        self.memory: dict[tuple[str | int, ...], object] = {}
        """What the arms of a replication may share: drawn once, the same for all of them."""

    def uniform(self, purpose: str, names: Names, occasion: Ints | int = 0) -> Floats:
        """Draw from the open interval (0, 1), one per name; shape of `names`."""
        return _unit(names ^ _U64(key(self.seed, self.replication, purpose)), occasion)

    def exponential(self, purpose: str, names: Names, occasion: Ints | int = 0) -> Floats:
        """Draw exponentials of mean 1, one per name."""
        draws = self.uniform(purpose, names, occasion)
        np.log(draws, out=draws)
        return np.negative(draws, out=draws)

    def exponentials(self, purposes: Sequence[str], names: Names, occasion: Ints | int = 0) -> Floats:
        """Draw exponentials of mean 1 for several purposes at once, shape (purposes, names)."""
        keys = np.array([key(self.seed, self.replication, purpose) for purpose in purposes], _U64)
        draws = _unit(keys[:, None] ^ names, occasion)
        np.log(draws, out=draws)
        return np.negative(draws, out=draws)

    def normal(self, purpose: str, names: Names, occasion: Ints | int = 0) -> Floats:
        """Draw standard normals, one per name."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self.uniform(purpose, names, occasion)))

    def gamma(self, purpose: str, names: Names, shape: float, occasion: Ints | int = 0) -> Floats:
        """Draw gammas of the given shape (> 0) and scale 1, one per name.

        By inversion, so that a customer keeps its rank when a scenario changes the shape.
        """
        return _gamma_quantile(shape)(self.normal(purpose, names, occasion))

    def beta(
        self, purpose: str, names: Names, a: float | Floats, b: float | Floats, occasion: Ints | int = 0
    ) -> Floats:
        """Draw betas with parameters a, b (> 0), one per name, by inversion."""
        from scipy.special import betaincinv

        return np.asarray(betaincinv(a, b, self.uniform(purpose, names, occasion)))

    def choice(self, purpose: str, names: Names, weights: Floats, occasion: Ints | int = 0) -> Ints:
        """Choose an index of `weights` (>= 0, positive sum, any scale) for each name."""
        edges = _choice_edges(np.asarray(weights, np.float64).tobytes())
        return np.searchsorted(edges, self.uniform(purpose, names, occasion), side="right")

    def poisson(self, purpose: str, names: Names, mean: float, occasion: Ints | int = 0) -> Ints:
        """Draw Poisson counts of a common mean (0 < mean <= 50), one per name, by inversion."""
        edges = _poisson_edges(mean)
        return np.searchsorted(edges, self.uniform(purpose, names, occasion), side="right").astype(np.int64)


def _unit(words: Names, occasion: Ints | int) -> Floats:
    """Turn seeds of generators, which are used up, into their outputs at an occasion, in the open interval (0, 1)."""
    if isinstance(occasion, int):
        words += _U64((occasion + 1) * GOLDEN & _MASK)
    else:
        words += (occasion.astype(_U64) + _U64(1)) * _U64(GOLDEN)
    words = mix(words)
    words >>= _U64(12)
    draws = words.astype(np.float64)
    draws += 0.5
    draws *= _TO_UNIT
    return draws


@lru_cache(maxsize=256)
def _choice_edges(weights: bytes) -> Floats:
    """Cumulative shares of weights, up to the last that is positive: whatever lies above is that one's."""
    shares = np.frombuffer(weights)
    edges = np.cumsum(shares) / np.sum(shares)
    edges[np.flatnonzero(shares)[-1] :] = np.inf
    return edges


@lru_cache(maxsize=64)
def _poisson_edges(mean: float) -> Floats:
    """Cumulative Poisson probabilities, as far as a double can tell them from 1."""
    counts = np.arange(1, int(mean + 40 * np.sqrt(mean) + 60))
    return np.cumsum(np.exp(-mean) * np.concatenate([[1.0], np.cumprod(mean / counts)]))


class _GammaQuantile:
    """The gamma quantile at a normal score, to 1e-11: cubic Hermite interpolation of its logarithm.

    An optimisation: a fifth of the time of inverting each value (benchmarks/), which was a quarter of a run.
    """

    _STEP, _REACH = 1.0 / 256.0, 8.5

    def __init__(self, shape: float) -> None:
        from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr

        scores = np.arange(-self._REACH, self._REACH + self._STEP, self._STEP)
        quantiles = np.where(scores < 0, gammaincinv(shape, ndtr(scores)), gammainccinv(shape, ndtr(-scores)))
        quantiles = np.maximum(quantiles, 1e-300)
        logs = np.log(quantiles)
        log_density = shape * logs - quantiles - gammaln(shape)
        log_normal = -0.5 * scores**2 - 0.5 * np.log(2 * np.pi)
        slopes, rise = np.exp(log_normal - log_density) * self._STEP, np.diff(logs)
        self._pieces = np.array([logs[:-1], rise, slopes[:-1] - rise, rise - slopes[1:]])

    def __call__(self, scores: Floats) -> Floats:
        """Return quantiles at standard normal scores, any shape; scores beyond 8.5 do not occur."""
        place = (scores + self._REACH) / self._STEP
        left = place.astype(np.int64)  # always inside: a uniform from the open interval is no score beyond 8.2
        t = place - left
        low, rise, bend_low, bend_high = self._pieces.take(left, axis=1)
        return np.exp(low + t * (rise + (1 - t) * ((1 - t) * bend_low + t * bend_high)))


@lru_cache(maxsize=256)
def _gamma_quantile(shape: float) -> _GammaQuantile:
    return _GammaQuantile(shape)
