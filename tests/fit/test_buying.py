"""Laws of buying: likelihoods by brute force, slopes by differences, and what is known of simulated customers."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from retainsim.errors import UsageError
from retainsim.fit import buying, dropout
from retainsim.fit.purchase import Purchases

BG_NBD = {"r": 0.8, "alpha": 2.5, "a": 0.9, "b": 3.0}
PARETO_NBD = {"r": 0.8, "alpha": 2.5, "s": 0.9, "beta": 10.0}
ROWS = [(0, 0, 10), (0, 0, 0.1), (1, 0.5, 30), (5, 20, 39), (30, 38, 39), (200, 10, 39), (2, 3, 200), (4, 7, 7)]
DATA = Purchases(*np.array(ROWS, dtype=float).T, np.ones(len(ROWS)))


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_the_bg_nbd_is_the_mean_over_rates_and_chances(row):
    """Given rate m and chance p: m^x (1 - p)^x e^(-m T) + [x > 0] m^x p (1 - p)^(x - 1) e^(-m t); no constants left out."""
    (x, t, seen), (r, alpha, a, b) = ROWS[row], BG_NBD.values()

    def log_rate(months):
        return special.gammaln(r + x) - special.gammaln(r) + r * math.log(alpha) - (r + x) * math.log(alpha + months)

    def chance(f):
        return integrate.quad(lambda p: f(p) * stats.beta(a, b).pdf(p), 0, 1, epsabs=0, limit=400)[0]

    stayed = math.log(chance(lambda p: (1 - p) ** x)) + log_rate(seen)
    gone = math.log(chance(lambda p: p * (1 - p) ** (x - 1))) + log_rate(t) if x else -math.inf
    assert dropout.bg_nbd(np.array([r, alpha, a, b]), DATA)[0][row] == pytest.approx(
        np.logaddexp(stayed, gone), rel=1e-6
    )


@pytest.mark.parametrize("row", [0, 2, 3])
def test_the_pareto_nbd_is_the_mean_over_rates_and_dropouts(row):
    (x, t, seen), (r, alpha, s, beta) = ROWS[row], PARETO_NBD.values()

    m, of_m = gamma_nodes(r, alpha)
    d, of_d = (each[:, None] for each in gamma_nodes(s, beta))
    given = m**x / (m + d) * (d * np.exp(-(m + d) * t) + m * np.exp(-(m + d) * seen))  # rate m, dropout rate d
    mean = float((given * of_m * of_d).sum())
    assert dropout.pareto_nbd(np.array([r, alpha, s, beta]), DATA)[0][row] == pytest.approx(math.log(mean), rel=1e-5)


def gamma_nodes(shape, rate):
    """Return nodes and weights that integrate over a gamma law (Gauss and Laguerre)."""
    nodes, weights = special.roots_genlaguerre(100, shape - 1)
    return nodes / rate, weights / weights.sum()


@pytest.mark.parametrize(
    "law", [(0.553, 10.6, 0.606, 11.7), (2, 3, 2, 20), (0.1, 0.1, 5, 100), (5, 50, 0.3, 0.2), (20, 1, 0.05, 1000)]
)
def test_the_integral_of_the_pareto_nbd_is_right_for_idle_and_for_keen_buyers(law):
    r, alpha, *_ = law
    for row, (x, t, seen) in enumerate(ROWS):
        expected = math.log(_dropped(law, x, t, seen) + _stayed(law, x, t, seen))
        expected += special.gammaln(r + x) - special.gammaln(r) + r * math.log(alpha) - (r + x) * math.log(alpha + t)
        assert dropout.pareto_nbd(np.array(law), DATA)[0][row] == pytest.approx(expected, rel=1e-9)


def _stayed(law, x, t, seen):
    r, alpha, s, beta = law
    return ((alpha + t) / (alpha + seen)) ** (r + x) * (beta / (beta + seen)) ** s


def _dropped(law, x, t, seen):
    """Integrate over when a customer dropped out, piece by piece."""
    r, alpha, s, beta = law
    falls = lambda tau: ((alpha + t) / (alpha + tau)) ** (r + x) * ((beta + t) / (beta + tau)) ** (s + 1)  # noqa: E731
    edges = [t, *(t + np.geomspace(1e-3, 1, 12) * (seen - t))]
    parts = [integrate.quad(falls, *ends, epsabs=0, epsrel=1e-12)[0] for ends in zip(edges, edges[1:], strict=False)]
    return sum(parts) * s * beta**s * (beta + t) ** -(s + 1)


@pytest.mark.parametrize("law", ["bg_nbd", "pareto_nbd"])
def test_slopes_are_those_of_the_likelihood(law):
    rows, point = getattr(dropout, law), np.array([0.8, 2.5, 0.9, 5.0])
    for k, move in enumerate(1e-5 * np.diag(point)):
        up, down = rows(point + move, DATA)[0], rows(point - move, DATA)[0]
        assert rows(point, DATA)[1][k] == pytest.approx((up - down) / (2 * move[k]), rel=1e-5, abs=1e-7)


def customers(law, n, rng):
    """Customers who buy by a law, seen for 6 to 36 months."""
    seen, rate = rng.uniform(6, 36, n), rng.gamma(law["r"], 1 / law["alpha"], n)
    chance = rng.beta(law["a"], law["b"], n) if "a" in law else np.zeros(n)
    end = rng.exponential(1 / rng.gamma(law["s"], 1 / law["beta"], n)) if "s" in law else np.full(n, np.inf)
    repeats, last, now, active = np.zeros(n), np.zeros(n), np.zeros(n), np.arange(n)
    while len(active):
        now[active] += rng.exponential(1 / rate[active])
        active = active[now[active] < np.minimum(seen, end)[active]]
        repeats[active] += 1
        last[active] = now[active]
        active = active[rng.random(len(active)) >= chance[active]]
    return Purchases.of(repeats, last, seen)


@pytest.mark.long
def test_simulated_buyers_give_their_law_back():
    """100 samples of 1,000 customers: intervals cover 95 % of all parameters within 4 standard errors, which is 86 to
    100 % (the four of a fit lean on one another, so they count as one); and means lie within 4 standard errors."""
    rng, n = np.random.default_rng(1), 100
    fits = [buying.fit_buying(customers(BG_NBD, 1000, rng)) for _ in range(n)]
    covered = np.mean([value in fit.estimates[name] for fit in fits for name, value in BG_NBD.items()])
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n))
    for name, value in BG_NBD.items():
        logs = np.log([fit.estimates[name].value for fit in fits])
        assert abs(logs.mean() - math.log(value)) < 4 * logs.std(ddof=1) / math.sqrt(n), name


@pytest.mark.parametrize(("kind", "law"), [("bg-nbd", BG_NBD), ("pareto-nbd", PARETO_NBD)])
def test_the_likelier_law_is_chosen(kind, law):
    chosen, fits, why = buying.choose_buying(customers(law, 5000, np.random.default_rng(2)))
    assert chosen.kind == kind
    assert set(fits) == {"bg-nbd", "pareto-nbd"}
    assert why.startswith(kind)


def test_keys_are_those_of_a_segment():
    data = customers(PARETO_NBD, 3000, np.random.default_rng(3))
    keys = buying.fit_buying(data, "pareto-nbd").keys()
    fit = buying.fit_buying(data, "pareto-nbd").estimates
    assert set(keys) == {"buying", "purchases", "annual_churn", "frailty"}
    stayed = (fit["beta"].value / (fit["beta"].value + 12)) ** fit["s"].value
    assert keys["annual_churn"] == pytest.approx(1 - stayed)
    assert set(buying.fit_buying(data).keys()["purchases"]["dropout"]) == {"a", "b"}


def test_a_lot_of_customers_stands_for_all(monkeypatch):
    """10,000 of 40,000 drawn by lot: their estimates lie within 4 of their own standard errors of those of all."""
    data = customers(BG_NBD, 40_000, np.random.default_rng(4))
    whole = buying.fit_buying(data)
    monkeypatch.setitem(buying.MOST, "bg-nbd", 10_000)
    some = buying.fit_buying(data)
    assert (some.used, some.n) == (10_000, 40_000)
    for name, estimate in some.estimates.items():
        assert abs(estimate.value - whole.estimates[name].value) < 4 * estimate.error, name


def test_spend_is_the_mean_over_rates():
    p, q, gamma, z, x = 6.25, 3.74, 15.44, 40.0, 3
    given = lambda nu: stats.gamma(p * x, scale=1 / (nu * x)).pdf(z)  # noqa: E731
    rate = stats.gamma(q, scale=1 / gamma)
    expected, _ = integrate.quad(lambda u: given(rate.ppf(u)), 0, 1, limit=400)
    found, slopes = buying._spend(np.array([p, q, gamma]), np.array([z]), np.array([float(x)]))
    assert found[0] == pytest.approx(math.log(expected), rel=1e-6)
    for k, move in enumerate(1e-5 * np.diag([p, q, gamma])):
        up, down = (
            buying._spend(np.array([p, q, gamma]) + s * move, np.array([z]), np.array([3.0]))[0] for s in (1, -1)
        )
        assert slopes[k] == pytest.approx((up - down) / (2 * move[k]), rel=1e-5)


def test_simulated_spend_gives_its_law_back():
    """40 samples of 800 customers; bounds as above."""
    rng, n, law = np.random.default_rng(5), 40, {"p": 6.25, "q": 3.74, "gamma": 15.44}
    covered, means = [], []
    for _ in range(n):
        x, nu = rng.integers(1, 10, 800).astype(float), rng.gamma(law["q"], 1 / law["gamma"], 800)
        fit = buying.fit_spend(rng.gamma(law["p"] * x, 1 / (nu * x)), x)
        covered += [value in fit.estimates[name] for name, value in law.items()]
        means.append(6.25 * 15.44 / 2.74 in fit.mean)
        assert abs(fit.link) < 0.2
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n))
    assert np.mean(means) == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (([1, 0], [0.0, 0.0], [5, 5]), "row 0"),
        (([1, 0], [2.0, 3.0], [5, 5]), "row 1"),
        (([1.5], [2.0], [5]), "whole number"),
        (([1], [6.0], [5]), "reach"),
        (([], [], []), "one value a row"),
    ],
)
def test_rows_that_cannot_be_purchases_are_refused_by_number(columns, said):
    with pytest.raises(UsageError, match=said):
        Purchases.of(*columns)


def test_what_no_law_can_be_told_from_is_refused():
    with pytest.raises(UsageError, match="bought again"):
        buying.fit_buying(Purchases.of([0, 0], [0, 0], [5, 6]))
    with pytest.raises(UsageError, match="same"):
        buying.fit_spend([10.0, 10.0], [1, 2])
    with pytest.raises(UsageError, match="above 0"):
        buying.fit_spend([10.0, 0.0], [1, 2])
