"""Laws: how a hazard varies with tenure (duration) and from customer to customer (frailty).

Per customer the cumulative hazard of reason k at tenure a is `frailty x base_k x Lambda(a)`. Without beta
frailty base_k is a hazard per month and Lambda(a) = 12 (a/12)^c; with it, frailty is -ln(1 - theta), base_k is
the reason's share of leavings divided by the renewal term T, and Lambda(a) = T (a/T)^c.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from retainsim.draws import Floats, Luck, Names


@dataclass(frozen=True)
class Duration:
    """Lambda, the integral of the duration factor over tenure (months), and its inverse.

    Parameters
    ----------
    power
        Exponent c; 1 is a constant hazard.
    unit
        Months at which Lambda is the same for every c: 12, or the renewal term under beta frailty.
    knots, factors
        Tenures (months, rising) and the factors before, between and after them; replace `power` if given.
    """

    power: float = 1.0
    unit: float = 12.0
    knots: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()
    _at_knots: tuple[float, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        widths = np.diff([0.0, *self.knots])
        steps = np.concatenate([[0.0], np.cumsum(widths * np.array(self.factors[:-1]))])
        object.__setattr__(self, "_at_knots", tuple(float(x) for x in steps))

    @property
    def is_constant(self) -> bool:
        """True where Lambda(a) = a."""
        return self.power == 1.0 and not self.factors

    @property
    def is_power(self) -> bool:
        """True where the factor changes all the time."""
        return self.power != 1.0 and not self.factors

    def factor(self, tenure: float) -> float:
        """Return the factor from `tenure` (months) to the next knot, for a law that is no power."""
        return self.factors[int(np.searchsorted(self.knots, tenure, side="right"))] if self.factors else 1.0

    def cumulative(self, tenure: Floats) -> Floats:
        """Integrate the duration factor from 0 to `tenure` (months, >= 0, any shape)."""
        if self.is_constant:
            return tenure
        if not self.factors:
            return self.unit * (tenure / self.unit) ** self.power
        beyond = np.maximum(tenure - self.knots[-1], 0.0) * self.factors[-1]
        return np.interp(tenure, [0.0, *self.knots], self._at_knots) + beyond

    def inverse(self, amount: Floats) -> Floats:
        """Return the tenure (months) at which Lambda reaches `amount`; infinity where it never does."""
        if self.is_constant:
            return amount
        if not self.factors:
            with np.errstate(over="ignore"):  # a hazard near none lasts for ever
                return self.unit * (amount / self.unit) ** (1.0 / self.power)
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.maximum(amount - self._at_knots[-1], 0.0) / self.factors[-1]
        beyond = np.where(amount > self._at_knots[-1], beyond, 0.0)
        return np.interp(amount, self._at_knots, [0.0, *self.knots]) + beyond


@dataclass(frozen=True)
class Frailty:
    """Everybody alike: frailty is 1 (the base of the other laws)."""

    @property
    def is_none(self) -> bool:
        """True where all customers have the same frailty."""
        return type(self) is Frailty

    def laplace(self, amount: Floats) -> Floats:
        """Return the share of newcomers still there once `amount` of cumulative hazard has passed."""
        return np.exp(-amount)

    def draw(self, luck: Luck, names: Names, passed: Floats | float = 0.0) -> Floats:
        """Draw a frailty for each name, given survival of the cumulative hazard `passed` per unit frailty."""
        return np.ones(len(names))

    def rank(self, frailty: Floats) -> Floats:
        """Return the share of newcomers with less frailty than this."""
        return np.full(len(frailty), 0.5)

    def quantile(self, rank: Floats) -> Floats:
        """Return the frailty below which a share `rank` of newcomers lies."""
        return np.ones(len(rank))


@dataclass(frozen=True)
class GammaFrailty(Frailty):
    """Gamma frailty of mean 1 (Vaupel, Manton & Stallard 1979)."""

    variance: float = 0.5

    def laplace(self, amount: Floats) -> Floats:
        """Return (1 + v amount)^(-1/v)."""
        return np.asarray(np.exp(-np.log1p(self.variance * amount) / self.variance))

    def draw(self, luck: Luck, names: Names, passed: Floats | float = 0.0) -> Floats:
        """Draw from Gamma(1/v, rate 1/v + passed): survivors are the less frail."""
        shape = 1.0 / self.variance
        return luck.gamma("churn.frailty", names, shape) / (shape + passed)

    def rank(self, frailty: Floats) -> Floats:
        """Return the distribution function at `frailty`."""
        from scipy.special import gammainc

        return np.asarray(gammainc(1.0 / self.variance, frailty / self.variance))

    def quantile(self, rank: Floats) -> Floats:
        """Invert the distribution function."""
        from scipy.special import gammaincinv

        return np.asarray(gammaincinv(1.0 / self.variance, rank) * self.variance)


@dataclass(frozen=True)
class BetaFrailty(Frailty):
    """theta ~ Beta(a, b) is the probability of leaving at a renewal; frailty is -ln(1 - theta) (the sBG)."""

    a: float = 1.0
    b: float = 1.0

    def laplace(self, amount: Floats) -> Floats:
        """Return E[(1 - theta)^amount] = B(a, b + amount) / B(a, b)."""
        from scipy.special import betaln

        return np.asarray(np.exp(betaln(self.a, self.b + amount) - betaln(self.a, self.b)))

    def draw(self, luck: Luck, names: Names, passed: Floats | float = 0.0) -> Floats:
        """Draw from Beta(a, b + passed), turned into a frailty."""
        return self._frailty(luck.beta("churn.frailty", names, self.a, self.b + passed))

    def rank(self, frailty: Floats) -> Floats:
        """Return the distribution function at `frailty`."""
        from scipy.special import betainc

        return np.asarray(betainc(self.a, self.b, -np.expm1(-frailty)))

    def quantile(self, rank: Floats) -> Floats:
        """Invert the distribution function."""
        from scipy.special import betaincinv

        return self._frailty(np.asarray(betaincinv(self.a, self.b, rank)))

    @staticmethod
    def _frailty(theta: Floats) -> Floats:
        return -np.log1p(-np.minimum(theta, 1.0 - 1e-16))


@dataclass(frozen=True)
class Lapse:
    """Dropping out after a purchase: rates ~ Gamma(r, rate alpha), chances p ~ Beta(a, b) (Fader, Hardie & Lee 2005).

    Parameters
    ----------
    r, alpha
        Shape and rate (months) of the purchase rates; an infinite r means the rate 1/alpha for everybody.
    a, b
        Parameters of the chance of dropping out after a purchase.
    """

    r: float
    alpha: float
    a: float
    b: float

    def staying(self, tenure: Floats) -> Floats:
        """Return the share of newcomers still active at `tenure` (months, any shape)."""
        chances, weights = _beta_nodes(self.a, self.b)
        flat = np.ravel(np.asarray(tenure, dtype=np.float64))
        kept = (self.kept(chances[:, None], part) for part in _split(flat))
        found = np.concatenate([np.einsum("i,ij->j", weights, each) for each in kept])  # not BLAS: same in any threads
        return found.reshape(np.shape(tenure))

    def draw_chance(self, luck: Luck, names: Names, tenure: Floats) -> Floats:
        """Draw each customer's chance of dropping out, given that it is still active at its tenure (months).

        Of a newcomer the quantile of Beta(a, b) at its rank; later that of the survivors, between neighbours of a grid
        of tenures that is the same for everybody.
        """
        from scipy.special import betaincinv

        rank = luck.uniform("purchases.dropout", names)
        place = np.log1p(tenure / self.alpha) * _TENURES
        step = place.astype(np.int64)
        quantile = np.empty(len(names))
        for each in np.unique(step):  # stretches of tenure, some hundreds however many customers there are
            mine = step == each
            low, high = (np.interp(rank[mine], _survivors(self, int(each) + i), _RANKS) for i in (0, 1))
            quantile[mine] = low + (place[mine] - each) * (high - low)
        return np.asarray(betaincinv(self.a, self.b, quantile))

    def kept(self, chance: Floats, tenure: Floats | float) -> Floats:
        """Return the share still active at `tenure` of those with a chance of dropping out; broadcasts."""
        if np.isinf(self.r):
            return np.asarray(np.exp(-chance * tenure / self.alpha))
        return np.asarray((self.alpha / (self.alpha + chance * tenure)) ** self.r)


_TENURES = 64
"""Grid tenures per factor e of 1 + tenure / alpha."""
_RANKS = np.concatenate([[0.0], np.geomspace(1e-9, 0.1, 360), np.linspace(0.1, 1.0, 141)[1:]])
"""Ranks between which chances of dropping out are told apart, finer towards 0 where survivors are."""


@lru_cache(maxsize=4096)
def _survivors(law: Lapse, step: int) -> Floats:
    """Return the share of those active at a grid tenure whose chance is below that at each of `_RANKS`."""
    from scipy.special import betaincinv

    chances = betaincinv(law.a, law.b, (_RANKS[1:] + _RANKS[:-1]) / 2)
    mass = np.diff(_RANKS) * law.kept(chances, law.alpha * np.expm1(step / _TENURES))
    return np.append(0.0, np.cumsum(mass)) / mass.sum()


def _split(values: Floats) -> list[Floats]:
    return np.array_split(values, max(1, -(-len(values) // 4096)))


@lru_cache(maxsize=64)
def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights that integrate over Beta(a, b): Jacobi's, or Legendre's over ranks where they overflow."""
    from scipy.special import betaincinv, roots_jacobi, roots_legendre

    with np.errstate(all="ignore"):
        nodes, weights = roots_jacobi(96, b - 1.0, a - 1.0)
    if np.isfinite(nodes).all() and np.isfinite(weights).all():
        return (1.0 + nodes) / 2.0, weights / weights.sum()
    ranks, weights = roots_legendre(96)
    return np.asarray(betaincinv(a, b, (1.0 + ranks) / 2.0)), weights / 2.0
